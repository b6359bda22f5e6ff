/* Local and session storage that never throw. A browser may refuse either (all cookies
   blocked, a frame of another site, a private window, a full disk) or have none; what it does
   not keep is known until the page is left. tools/book/storage.py leads every access of the
   scripts of Sphinx and the themes here. */
const courseStorage = (() => {
  function guarded(name) {
    const kept = new Map();
    const attempt = (action, otherwise) => {
      try {
        return action(globalThis[name]);
      } catch {
        return otherwise();
      }
    };
    return {
      getItem: (key) =>
        kept.get(key) ?? attempt((storage) => storage.getItem(key), () => null),
      setItem: (key, value) =>
        attempt((storage) => storage.setItem(key, value), () => kept.set(key, String(value))),
      removeItem: (key) => {
        kept.delete(key);
        attempt((storage) => storage.removeItem(key), () => null);
      },
      /** Remove all that is kept under names with this beginning. */
      removeAll: (beginning) => {
        const begins = (key) => key.startsWith(beginning);
        [...kept.keys()].filter(begins).forEach((key) => kept.delete(key));
        attempt(
          (storage) => Object.keys(storage).filter(begins).forEach((key) => storage.removeItem(key)),
          () => null,
        );
      },
    };
  }
  return { local: guarded("localStorage"), session: guarded("sessionStorage") };
})();
