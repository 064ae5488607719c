/** Updates the page. The server's data is inserted as text, never as markup. */

export const byId = id => document.getElementById(id);

const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const fine = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });

export function element(tag, text, className) {
  const made = document.createElement(tag);
  if (text !== undefined) {
    made.textContent = text;
  }
  if (className !== undefined) {
    made.className = className;
  }
  return made;
}

/** Writes only changed text: else screen readers would repeat it, and a selection would be lost. */
export function write(where, text) {
  if (where.textContent !== text) {
    where.textContent = text;
  }
}

/** Shows `good`, `wait` or `bad`, and a few words. */
export function showStatus(state, text) {
  byId('status').dataset.state = state;
  write(byId('status-text'), text);
}

export function showOnly(part) {
  for (const id of ['login', 'closed', 'pages']) {
    byId(id).hidden = id !== part;
  }
}

/** Shows a sentence in its element, or hides the element. */
export function showNote(id, sentence) {
  byId(id).hidden = !sentence;
  write(byId(id), sentence ?? '');
}

/** Shows the result of an operator's action, until the next one or until it is dismissed. */
export function notify(state, sentence) {
  const notice = element('div', undefined, 'notice');
  notice.dataset.state = state;
  if (state === 'bad') {
    notice.setAttribute('role', 'alert');
  }
  const dismiss = element('button', 'Dismiss', 'plain');
  dismiss.type = 'button';
  dismiss.addEventListener('click', () => notice.remove());
  notice.append(element('p', sentence), dismiss);
  byId('notices').replaceChildren(notice);
}

export function forgetNotices() {
  byId('notices').replaceChildren();
}

/** Shows a form's error beside it, and focuses the field concerned. */
export function showRefusal(id, sentence, field) {
  const form = byId(id).closest('form');
  form.querySelectorAll('[aria-invalid]').forEach(each => each.removeAttribute('aria-invalid'));
  byId(id).textContent = sentence;
  if (field) {
    field.setAttribute('aria-invalid', 'true');
    field.focus();
  }
}

/** Shows figures: `[name, value, unit]`, always with the same names. */
export function showFigures(figures) {
  const list = byId('figures');
  if (list.childElementCount !== figures.length) {
    list.replaceChildren(...figures.map(([name]) => {
      const figure = element('div', undefined, 'figure');
      const shown = element('dd');
      shown.append(element('span'), ' ', element('small'));
      figure.append(element('dt', name), shown);
      return figure;
    }));
  }
  figures.forEach(([, value, unit], at) => {
    write(list.children[at].querySelector('span'), number(value));
    write(list.children[at].querySelector('small'), unit ?? '');
  });
}

function number(value) {
  if (typeof value === 'string') {
    return value;
  }
  return Math.abs(value) < 10 && !Number.isInteger(value) ? fine.format(value) : whole.format(value);
}

/** Formats a number of bytes. */
export function bytes(value) {
  const units = ['B', 'KB', 'MB', 'GB'];
  let at = 0;
  while (value >= 1024 && at < units.length - 1) {
    value /= 1024;
    at++;
  }
  return [`${fine.format(value)}`, units[at]];
}

/** Formats a duration in seconds, such as `3 h 12 min`. */
export function span(seconds) {
  const [days, hours, minutes] = [seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60].map(Math.floor);
  if (days > 0) {
    return `${days} d ${hours} h`;
  }
  return hours > 0 ? `${hours} h ${minutes} min` : minutes > 0 ? `${minutes} min` : `${Math.max(0, Math.floor(seconds))} s`;
}

/** Asks the operator to confirm; whether they do. */
export function confirmed(question, consequence, yes) {
  const dialog = byId('ask');
  byId('ask-title').textContent = question;
  byId('ask-text').textContent = consequence;
  byId('ask-yes').textContent = yes;
  dialog.returnValue = 'no';
  dialog.showModal();
  return new Promise(resolve => {
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true });
  });
}
