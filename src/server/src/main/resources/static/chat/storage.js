/** What a page remembers. Browsers may forbid storage: then nothing is kept, and nothing fails. */

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
    // not kept
  }
}

// Even to name the area may be forbidden.
const ofBrowser = () => localStorage;
const ofTab = () => sessionStorage;

/** Of this browser, until it is cleared. */
export const browser = {
  get: key => kept(ofBrowser, key),
  set: (key, value) => keep(ofBrowser, key, value),
};

/** Of this tab, reloads included. */
export const tab = {
  get: key => kept(ofTab, key),
  set: (key, value) => keep(ofTab, key, value),
};
