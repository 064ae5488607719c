/** What is on the screen. Everything from the server goes in as text, never as markup. */

export const byId = id => document.getElementById(id);

const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const fine = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

function element(tag, text, className) {
  const made = document.createElement(tag);
  if (text !== undefined) {
    made.textContent = text;
  }
  if (className !== undefined) {
    made.className = className;
  }
  return made;
}

/** `good`, `wait` or `bad`, and a sentence. */
export function showStatus(state, text) {
  byId('status').dataset.state = state;
  byId('status-text').textContent = text;
}

export function showOnly(part) {
  for (const id of ['login', 'closed', 'pages']) {
    byId(id).hidden = id !== part;
  }
}

/** Numbers with their names: `[name, value, what it is measured in]`. */
export function showFigures(figures) {
  byId('figures').replaceChildren(...figures.map(([name, value, unit]) => {
    const figure = element('div', undefined, 'figure');
    const shown = element('dd', number(value));
    if (unit) {
      shown.append(' ', element('small', unit));
    }
    figure.append(element('dt', name), shown);
    return figure;
  }));
}

/** A table of objects: `columns` are `[title, entry => text or number or Date]`. */
export function showTable(id, columns, entries, nothing, action) {
  const table = byId(id);
  if (entries.length === 0) {
    const row = element('tr');
    row.append(element('td', nothing, 'quiet'));
    table.replaceChildren(row);
    return;
  }
  const head = element('tr');
  head.append(...columns.map(([title]) => scoped(title)));
  if (action) {
    head.append(element('td'));
  }
  table.replaceChildren(head, ...entries.map(entry => row(columns, entry, action)));
}

function scoped(title) {
  const cell = element('th', title);
  cell.scope = 'col';
  return cell;
}

function row(columns, entry, action) {
  const made = element('tr');
  made.append(...columns.map(([, read]) => {
    const value = read(entry);
    return typeof value === 'number' ? element('td', whole.format(value), 'number') : element('td', text(value));
  }));
  if (action) {
    const cell = element('td', undefined, 'number');
    const button = element('button', action.title, 'plain');
    button.type = 'button';
    button.addEventListener('click', () => action.run(entry));
    cell.append(button);
    made.append(cell);
  }
  return made;
}

function text(value) {
  if (value instanceof Date) {
    return moment.format(value);
  }
  if (typeof value === 'boolean') {
    return value ? 'yes' : 'no';
  }
  return value === undefined || value === null ? '–' : String(value);
}

function number(value) {
  if (typeof value === 'string') {
    return value;
  }
  return Math.abs(value) < 10 && !Number.isInteger(value) ? fine.format(value) : whole.format(value);
}

/** Octets as people say them. */
export function octets(value) {
  const units = ['B', 'KB', 'MB', 'GB'];
  let at = 0;
  while (value >= 1024 && at < units.length - 1) {
    value /= 1024;
    at++;
  }
  return [`${fine.format(value)}`, units[at]];
}

/** A time span from seconds, such as `3 h 12 min`. */
export function span(seconds) {
  const [days, hours, minutes] = [seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60].map(Math.floor);
  if (days > 0) {
    return `${days} d ${hours} h`;
  }
  return hours > 0 ? `${hours} h ${minutes} min` : minutes > 0 ? `${minutes} min` : `${Math.floor(seconds)} s`;
}

/** Whether the operator says yes. */
export function confirmed(sentence, yes) {
  const dialog = byId('ask');
  byId('ask-text').textContent = sentence;
  byId('ask-yes').textContent = yes;
  dialog.returnValue = 'no';
  dialog.showModal();
  return new Promise(resolve => {
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true });
  });
}
