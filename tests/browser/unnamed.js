// Everything one can operate or jump to that has no name to be called by.
[...document.querySelectorAll("button, a, input, select, [role=region], [role=group], nav")]
  .filter((node) => node.checkVisibility())
  .filter((node) => !(node.innerText || "").trim() && !node.getAttribute("aria-label") && !(node.labels && node.labels.length))
  .map((node) => node.outerHTML)
