/* Formulas too wide for the page scroll in their own box. The keyboard must reach
   such a box, and need not stop at the others. */
function markScrollingFormulas() {
  for (const box of document.querySelectorAll("div.math")) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
}
addEventListener("load", markScrollingFormulas);
addEventListener("resize", markScrollingFormulas);
