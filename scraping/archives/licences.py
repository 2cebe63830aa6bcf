"""What declared licences allow: names as archives write them, to SPDX expressions and permissions.

"yes" stands only where the licence's own text grants it: the permissive software licences and the public
domain dedications to everybody for every use, the Creative Commons ones sharing, as long as their
conditions are kept. Whether a model that was trained on a work is an adaptation of it, those do not say:
"unknown".
"""

from __future__ import annotations

import re

from scraping.problem import Permission, Rights

_PERMISSIONS: dict[str, tuple[Permission, Permission]] = {  # of redistribution, of training
    "MIT": ("yes", "yes"),
    "Apache-2.0": ("yes", "yes"),
    "BSD-2-Clause": ("yes", "yes"),
    "BSD-3-Clause": ("yes", "yes"),
    "ISC": ("yes", "yes"),
    "Unlicense": ("yes", "yes"),
    "CC0-1.0": ("yes", "yes"),
    "CC-PDM-1.0": ("yes", "yes"),
    "CC-BY-3.0": ("yes", "unknown"),
    "CC-BY-4.0": ("yes", "unknown"),
    "CC-BY-SA-3.0": ("yes", "unknown"),
    "CC-BY-SA-4.0": ("yes", "unknown"),
    "LicenseRef-Kattis-permission": ("no", "no"),
}
_PACKAGE_LICENCES = {
    # problem package format, "License": "version 4 or later" of the Creative Commons licences
    "public domain": "CC-PDM-1.0",
    "cc0": "CC0-1.0",
    "cc by": "CC-BY-4.0",
    "cc by-sa": "CC-BY-SA-4.0",
    "educational": "LicenseRef-Kattis-educational",
    "permission": "LicenseRef-Kattis-permission",
}
_TEXTS = (  # told by a phrase of the licence's text; the first that fits
    ("Apache-2.0", r"Apache License\s+Version 2\.0"),
    ("CC-BY-SA-4.0", r"Attribution-ShareAlike 4\.0|licenses/by-sa/4\.0"),
    ("CC-BY-NC-SA-4.0", r"Attribution-NonCommercial-ShareAlike 4\.0|licenses/by-nc-sa/4\.0"),
    ("CC-BY-4.0", r"Attribution 4\.0 International|licenses/by/4\.0"),
    ("CC0-1.0", r"CC0 1\.0 Universal"),
    ("MIT", r"Permission is hereby granted, free of charge, to any person obtaining a copy"),
    ("BSD-3-Clause", r"Redistribution and use in source and binary forms[\s\S]*Neither the name"),
    ("BSD-2-Clause", r"Redistribution and use in source and binary forms"),
    ("Unlicense", r"This is free and unencumbered software released into the public domain"),
    ("AGPL-3.0-only", r"GNU AFFERO GENERAL PUBLIC LICENSE\s+Version 3"),
    ("GPL-3.0-only", r"GNU GENERAL PUBLIC LICENSE\s+Version 3"),
)


def rights_of_license(
    license: str | None, owner: str | None = None, terms_url: str | None = None, note: str = ""
) -> Rights:
    """The rights that an SPDX licence gives to everybody."""
    redistribution, training = _PERMISSIONS.get(license or "", ("unknown", "unknown"))
    return Rights(license, owner, terms_url, redistribution, training, note)


def rights_of_collection(license: str | None, owner: str, note: str, terms_url: str | None = None) -> Rights:
    """The rights in a statement that a collection holds but does not own: its licence gives none in it."""
    return Rights(license, owner, terms_url, note=note)


def package_license(name: str) -> str | None:
    """The SPDX expression of a ``license`` of a problem package, None for ``unknown``.

    Names outside the format's list become ``LicenseRef-`` ones.
    """
    name = " ".join(name.lower().replace("_", " ").split())
    if name in ("", "unknown"):
        return None
    known = _PACKAGE_LICENCES.get(name)
    return known or "LicenseRef-" + re.sub(r"[^A-Za-z0-9.]+", "-", name).strip("-")


def license_of_text(text: str) -> str | None:
    """The SPDX identifier of a licence file, None where it is none of the common ones."""
    return next((name for name, phrase in _TEXTS if re.search(phrase, text, re.IGNORECASE)), None)


def copyright_holder(text: str) -> str | None:
    """Who holds the copyright, by the first copyright line of a licence file."""
    found = re.search(
        r"^\s*Copyright (?:\(c\)|©)?\s*(?:\d{4}(?:\s*-\s*(?:\d{4}|present))?,?\s*)?(.+)$", text, re.M | re.I
    )
    return found[1].strip() if found else None
