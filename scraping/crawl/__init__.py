"""The crawl: polite requests to hosts that allow them, and a store that makes every further run free."""
