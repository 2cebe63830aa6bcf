// Each element with data-key is reached by that key: fields are focused, all else is clicked, once per page.
let leaving = false;

addEventListener("pageshow", () => {
  leaving = false;
});

addEventListener("keydown", (event) => {
  if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.target.matches("input, textarea")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const control = [...document.querySelectorAll("[data-key]")].find((each) => each.dataset.key === event.key);
  if (!control) return;
  event.preventDefault();
  // a key that is held down, or struck twice, must not grade what nobody has seen
  if (event.repeat || leaving) return;
  if (control.matches("textarea")) {
    control.focus();
  } else {
    leaving = true;
    control.click();
  }
});
