/** Updates the page. User content is inserted as text, never as markup. */

const HUES = 8;
const KEPT = 500;
const SAME_BREATH = 5 * 60_000;
const STATES = { sending: 'Sending …', waiting: 'Waiting for the connection …' };
const GAPS = new Map([
  ['trimmed', 'they are older than the history that is kept'],
  ['wiped', 'the history was lost'],
  ['diverged', 'the history was lost in part'],
  ['overflow', 'they were more than could be caught up with'],
]);

const byId = id => document.getElementById(id);
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' });

function element(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  if (text !== undefined) {
    made.textContent = text;
  }
  return made;
}

/** Shows the connection's state: `connecting`, `up`, `down` or `stopped`, and a sentence. */
export function showStatus(state, text) {
  const status = byId('status');
  status.dataset.state = state;
  status.title = text;
  byId('reconnect').hidden = state !== 'stopped';
  byId('status-text').textContent = text;
}

export function showRooms(rooms, current, unread, choose) {
  byId('rooms').replaceChildren(...rooms.map(room => roomItem(room, room === current, unread.get(room) ?? 0, choose)));
  byId('room-name').textContent = `# ${current}`;
  const waiting = [...unread.values()].reduce((sum, count) => sum + count, 0);
  document.title = waiting > 0 ? `(${waiting}) Drumline chat` : 'Drumline chat';
}

function roomItem(room, isCurrent, unread, choose) {
  const item = document.createElement('li');
  const button = element('button', 'room', room);
  button.type = 'button';
  button.dataset.room = room;
  button.setAttribute('aria-current', String(isCurrent));
  button.addEventListener('click', () => choose(room));
  if (unread > 0) {
    const badge = element('span', 'badge', unread > 99 ? '99+' : String(unread));
    badge.setAttribute('aria-label', `${unread} unread`);
    button.append(badge);
  }
  item.append(button);
  return item;
}

/** Shows a room's messages and gaps from the beginning. */
export function showEntries(entries, retry) {
  const log = byId('log');
  log.setAttribute('aria-live', 'off'); // so that screen readers do not read out the whole history
  byId('messages').replaceChildren(...entries.map((entry, i) => item(entry, entries[i - 1], retry)));
  log.scrollTop = log.scrollHeight;
  log.setAttribute('aria-live', 'polite');
}

function isAtEnd(log) {
  return log.scrollHeight - log.scrollTop - log.clientHeight < 80;
}

/** Adds the entry at this index; scrolls to it if the reader was at the end, or wrote it. */
export function addEntry(entries, at, retry) {
  const log = byId('log');
  const follows = isAtEnd(log) || entries[at].own;
  const messages = byId('messages');
  messages.insertBefore(item(entries[at], entries[at - 1], retry), messages.children[at] ?? null);
  joinToPrevious(entries, at + 1);
  while (messages.childElementCount > KEPT) {
    messages.firstElementChild.remove();
  }
  if (follows) {
    log.scrollTop = log.scrollHeight;
  }
}

/** Moves one entry; a reader at the end stays there. */
export function moveEntry(entries, from, to) {
  const log = byId('log');
  const follows = isAtEnd(log);
  log.setAttribute('aria-live', 'off'); // it was read out when it was added
  const messages = byId('messages');
  const moved = messages.children[from];
  moved.remove();
  messages.insertBefore(moved, messages.children[to] ?? null);
  [from, from + 1, to, to + 1].forEach(at => joinToPrevious(entries, at));
  if (follows) {
    log.scrollTop = log.scrollHeight;
  }
  log.setAttribute('aria-live', 'polite');
}

/** Updates whether the message at this index continues the previous one. */
function joinToPrevious(entries, at) {
  const entry = entries[at];
  if (entry && !entry.gap) {
    const item = byId('messages').children[at];
    item.classList.toggle('continued', continues(entry, entries[at - 1]));
  }
}

/** Shows a message's new state in place, if it is on the page. */
export function updateMessage(entry, retry) {
  const old = entry.ref && byId('messages').querySelector(`[data-ref="${CSS.escape(entry.ref)}"]`);
  if (old) {
    const fresh = messageItem(entry, undefined, retry);
    fresh.classList.toggle('continued', old.classList.contains('continued'));
    old.replaceWith(fresh);
  }
}

function item(entry, previous, retry) {
  return entry.gap ? gapItem(entry.gap) : messageItem(entry, previous, retry);
}

/** Shows where messages are missing. */
function gapItem({ reason, missed }) {
  const count = Number(missed);
  const what = count === 1 ? '1 message is' : count > 1 ? `${count} messages are` : 'Messages may be';
  return element('li', 'gap', `${what} missing here: ${GAPS.get(reason) ?? 'they could not be had'}.`);
}

function messageItem(entry, previous, retry) {
  const item = element('li', `message hue-${hueOf(entry.name)}`);
  item.classList.toggle('own', entry.own);
  item.classList.toggle('continued', continues(entry, previous));
  item.dataset.state = entry.state;
  if (entry.ref) {
    item.dataset.ref = entry.ref;
  }
  const avatar = element('span', 'avatar', [...entry.name][0].toUpperCase());
  avatar.setAttribute('aria-hidden', 'true');

  const name = document.createElement('bdi');
  name.className = 'name';
  name.textContent = entry.name;
  const time = element('time', 'time', clock.format(entry.time));
  time.dateTime = entry.time.toISOString();
  time.title = full.format(entry.time) + (entry.node ? `, through ${entry.node}` : '');
  const head = element('div', 'head');
  head.append(name, ' ', time);

  const text = element('p', 'text', entry.text);
  text.dir = 'auto';
  const bubble = element('div', 'bubble');
  bubble.append(head, text);
  item.append(avatar, bubble);
  if (entry.state !== 'sent') {
    bubble.append(sendState(entry, retry));
  }
  return item;
}

function sendState(entry, retry) {
  const line = element('div', 'send-state', STATES[entry.state] ?? entry.reason);
  if (entry.state === 'unsent') {
    const button = element('button', 'retry', 'Send again');
    button.type = 'button';
    button.addEventListener('click', () => retry(entry));
    line.append(' ', button);
  }
  return line;
}

function continues(entry, previous) {
  return previous !== undefined
    && !previous.gap
    && previous.name === entry.name
    && previous.own === entry.own
    && entry.time - previous.time < SAME_BREATH;
}

function hueOf(name) {
  let hash = 0;
  for (const character of name) {
    hash = (hash * 31 + character.codePointAt(0)) >>> 0;
  }
  return hash % HUES;
}
