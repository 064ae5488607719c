/** Tables that are updated in place, so that selected text and buttons about to be pressed stay. */

import { element, write } from './view.js';

const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

/**
 * Shows a table of objects: `columns` are `[title, entry => text, number, Date or { text, href }]`, the first of which
 * is the row's header; `key` identifies rows; `action` is `{ title, label, run }`, a button in each row.
 *
 * Roles are explicit, since browsers drop the implicit ones of tables displayed as blocks, as on narrow screens.
 */
export function showTable(id, columns, entries, { key, nothing, action }) {
  const table = document.getElementById(id);
  if (table.tBodies.length === 0) {
    table.append(head(columns, action), withRole(element('tbody'), 'rowgroup'));
  }
  table.tHead.hidden = entries.length === 0;
  const body = table.tBodies[0];
  const kept = new Map([...body.rows].map(row => [row.dataset.key, row]));
  const rows = entries.length === 0
    ? [kept.get('nothing') ?? emptyRow(columns, nothing)]
    : entries.map(entry => filled(kept.get(`=${key(entry)}`) ?? newRow(`=${key(entry)}`, columns, action), columns, entry, action));
  [...body.rows].filter(row => !rows.includes(row)).forEach(row => row.remove());
  rows.forEach((row, at) => {
    if (body.rows[at] !== row) {
      body.insertBefore(row, body.rows[at] ?? null);
    }
  });
}

function withRole(made, role) {
  made.setAttribute('role', role);
  return made;
}

function head(columns, action) {
  const row = withRole(element('tr'), 'row');
  row.append(...[...columns.map(([title]) => title), ...action ? [action.title] : []].map((title, at) => {
    const cell = withRole(element('th'), 'columnheader');
    cell.scope = 'col';
    cell.append(element('span', title, at === columns.length ? 'unseen' : undefined));
    return cell;
  }));
  const made = withRole(element('thead'), 'rowgroup');
  made.append(row);
  return made;
}

function emptyRow(columns, nothing) {
  const row = withRole(element('tr', undefined, 'empty'), 'row');
  row.dataset.key = 'nothing';
  const cell = withRole(element('td', nothing, 'quiet'), 'cell');
  cell.colSpan = columns.length;
  row.append(cell);
  return row;
}

function newRow(key, columns, action) {
  const row = withRole(element('tr'), 'row');
  row.dataset.key = key;
  row.append(...columns.map(([title], at) => {
    const cell = withRole(element(at === 0 ? 'th' : 'td'), at === 0 ? 'rowheader' : 'cell');
    if (at === 0) {
      cell.scope = 'row';
    }
    cell.dataset.title = title;
    return cell;
  }));
  if (action) {
    const cell = withRole(element('td', undefined, 'action'), 'cell');
    const button = element('button', action.title, 'plain');
    button.type = 'button';
    cell.append(button);
    row.append(cell);
  }
  return row;
}

function filled(row, columns, entry, action) {
  columns.forEach(([, read], at) => {
    const value = read(entry);
    const cell = row.cells[at];
    cell.classList.toggle('number', typeof value === 'number');
    if (value?.href) {
      const link = cell.querySelector('a') ?? cell.appendChild(element('a'));
      link.href = value.href;
      write(link, value.text);
    } else {
      write(cell, text(value));
    }
  });
  if (action) {
    const button = row.querySelector('button');
    button.setAttribute('aria-label', action.label(entry));
    button.onclick = () => action.run(entry);
  }
  return row;
}

function text(value) {
  if (value instanceof Date) {
    return moment.format(value);
  }
  if (typeof value === 'number') {
    return whole.format(value);
  }
  return value === undefined || value === null ? '–' : String(value);
}
