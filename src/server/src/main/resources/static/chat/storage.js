/** The page's stored values. If the browser denies storage, nothing is stored and nothing fails. */

function kept(area, key) {
  try {
    return JSON.parse(area().getItem(`drumline.${key}`)) ?? undefined;
  } catch {
    return undefined;
  }
}

function keep(area, key, value) {
  try {
    if (value === undefined) {
      area().removeItem(`drumline.${key}`);
    } else {
      area().setItem(`drumline.${key}`, JSON.stringify(value));
    }
  } catch {
    // not stored
  }
}

// Even access to the property may throw.
const ofBrowser = () => localStorage;
const ofTab = () => sessionStorage;

/** Stored in this browser, until cleared. */
export const browser = {
  get: key => kept(ofBrowser, key),
  set: (key, value) => keep(ofBrowser, key, value),
};

/** Stored for this tab, across reloads. */
export const tab = {
  get: key => kept(ofTab, key),
  set: (key, value) => keep(ofTab, key, value),
};
