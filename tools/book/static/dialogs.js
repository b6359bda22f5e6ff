/* What lies over a page: the search and, on narrow screens, the contents of the course and
   those of the page. Here they are dialogs: the page behind is inert, Escape closes them from
   anywhere, and the focus goes back to where it was. This comes before the theme's script,
   and takes from it the clicks and keys that show and hide them. */
(() => {
  const search = document.querySelector(".search-button__wrapper");
  const isMac = /^(Mac|iPhone$)/.test(navigator.platform);

  /** What the theme shows while `box`, which nobody sees, is checked. */
  function panel(name) {
    const box = document.getElementById(`pst-${name}-sidebar-checkbox`);
    const element = document.querySelector(`.bd-sidebar-${name}`);
    const toggle = document.querySelector(`.${name}-toggle`);
    const show = (isShown) => {
      box.checked = isShown;
      tell();
    };
    // On wide screens it stands beside the text, and the toggle hides it.
    const isOver = () => getComputedStyle(element).position === "fixed";
    const tell = () => toggle.setAttribute("aria-expanded", box.checked === isOver());
    return { box, element, toggle, label: toggle?.title, show, isOver, tell };
  }

  const finder = {
    element: search,
    label: "Search",
    show: (isShown) => search.classList.toggle("show", isShown),
    isOver: () => true,
  };
  const panels = ["primary", "secondary"].map(panel).filter((each) => each.element && each.toggle);

  // A screen reader on a phone has no Escape key, and does not find the shade to tap on.
  const closer = document.createElement("button");
  closer.type = "button";
  closer.className = "btn btn-sm course-close";
  closer.textContent = "Close";

  let front = null; // what is open
  let opener = null; // what had the focus before
  const behind = []; // what is inert meanwhile

  function take(field) {
    field.focus();
    field.select();
  }

  function open(dialog, from) {
    if (front) close();
    [front, opener] = [dialog, from];
    const { element, label } = dialog;
    const marks = { role: "dialog", "aria-modal": true, "aria-label": label };
    for (const [name, value] of Object.entries(marks)) element.setAttribute(name, value);
    for (let at = element; at !== document.body; at = at.parentElement) {
      const others = [...at.parentElement.children].filter((other) => other !== at);
      behind.push(...others.filter((other) => !other.matches(".overlay")));
    }
    for (const each of behind) each.inert = true;
    dialog.show(true);
    const form = element.querySelector("form");
    (form ?? element).append(closer);
    if (form) take(form.querySelector("input"));
    // A panel cannot take the focus before it has begun to come in.
    else setTimeout(() => front === dialog && element.querySelector("a, button").focus(), 100);
  }

  function close() {
    const { element, show } = front;
    front = null;
    closer.remove();
    show(false);
    for (const each of behind.splice(0)) each.inert = false;
    for (const name of ["role", "aria-modal", "aria-label"]) element.removeAttribute(name);
    opener?.focus({ preventScroll: true });
  }

  /** The search's own page has a field for it. */
  function find() {
    const field = document.querySelector(".bd-search-container input");
    const focused = document.activeElement;
    if (front === finder) close();
    else if (!field) open(finder, front?.toggle ?? (focused === document.body ? null : focused));
    else {
      if (front) close();
      take(field);
    }
  }

  const isToSearch = ({ key, ctrlKey, metaKey, shiftKey, altKey }) =>
    /^k$/i.test(key) && ctrlKey !== isMac && metaKey === isMac && !shiftKey && !altKey;

  /** What a click or key does; undefined for those that are not for us. */
  function answer(event) {
    if (event.type === "keydown") {
      if (isToSearch(event)) return find;
      return front && event.key === "Escape" && !event.isComposing ? close : undefined;
    }
    const at = (selector) => event.target.closest?.(selector);
    if (at(".search-button__button")) {
      at(".search-button__button").focus(); // a click alone does not do it everywhere
      return find;
    }
    if (front && at(".course-close, .overlay, .search-button__overlay")) return close;
    const pressed = panels.find(({ toggle }) => toggle === at("button"));
    if (!pressed) return undefined;
    if (pressed.isOver()) return () => open(pressed, pressed.toggle);
    return () => pressed.show(!pressed.box.checked);
  }

  for (const type of ["keydown", "click"]) {
    const listener = (event) => {
      const action = answer(event);
      if (!action) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      action();
    };
    addEventListener(type, listener, true);
  }

  // A link within the page leads behind the panel, and takes the focus there.
  addEventListener("click", ({ target }) => {
    if (!front || !target.closest?.('a[href^="#"]')) return;
    opener = null;
    close();
  });

  /* A window that grows sets a panel beside the text; a page that is opened again may come
     with the boxes as they were left. */
  function settle() {
    if (front && !front.isOver()) close();
    for (const each of panels) {
      if (each !== front && each.isOver()) each.show(false);
      else each.tell();
    }
  }
  addEventListener("resize", settle);
  addEventListener("pageshow", settle);
})();
