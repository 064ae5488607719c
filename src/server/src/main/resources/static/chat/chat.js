import { endpointsOf } from './endpoints.js';
import { Link } from './link.js';
import { Outbox } from './outbox.js';
import { SignIn } from './sign-in.js';
import { browser, tab } from './storage.js';
import { addEntry, moveEntry, showEntries, showRooms, showStatus, updateMessage } from './view.js';

const KEPT = 500;
const REPLAYED = 50;
const MOST_ROOMS = 100;
const ROOM_PATTERN = /^[a-z0-9][a-z0-9-]{0,39}$/;

const byId = id => document.getElementById(id);
const nameField = byId('name');
const textField = byId('text');

/**
 * The entries of each room: messages `{room, name, text, time, node, ref, own, state, reason}` and
 * gaps `{gap: {reason, missed}}` in the topic's order, then own messages that have not arrived yet.
 */
const rooms = new Map();
const unread = new Map();
/** Rooms whose history is being replayed: it does not count as unread. */
const telling = new Set();
/** Identifies this tab's own messages, also after a reload. */
const page = tab.get('page') ?? randomName();
let current = roomOf(location.hash) ?? browser.get('room');
let link;
let signIn;

const outbox = new Outbox(
  () => link ?? { up: false },
  entry => link.send(
    `/app/rooms/${entry.room}`, { name: entry.name, text: entry.text }, { ref: entry.ref }),
  entry => {
    if (entry.room === current) {
      updateMessage(entry, retry);
    }
  });

function randomName() {
  return [...crypto.getRandomValues(new Uint8Array(9))].map(byte => byte.toString(36)).join('');
}

function roomOf(hash) {
  const room = hash.slice(1);
  return ROOM_PATTERN.test(room) ? room : undefined;
}

function addRoom(room) {
  if (rooms.has(room) || rooms.size >= MOST_ROOMS) {
    return;
  }
  rooms.set(room, []);
  if (link) {
    follow(room);
  }
}

function follow(room) {
  telling.add(room);
  link.follow(`/topic/rooms.${room}`, REPLAYED, {
    take: message => received(room, message),
    gap: gap => keep(room, { gap }),
    began: () => telling.delete(room),
  });
}

function choose(room) {
  addRoom(room);
  current = room;
  unread.delete(room);
  history.replaceState(null, '', `#${room}`);
  browser.set('room', room);
  browser.set('rooms', [...rooms.keys()]);
  drawRooms();
  showEntries(rooms.get(room), retry);
}

function drawRooms() {
  showRooms([...rooms.keys()], current, unread, choose);
}

function isOnItsWay({ state }) {
  return state === 'sending' || state === 'waiting';
}

/** The index before own messages whose place in the topic is not known yet. */
function endOfTopic(entries) {
  let end = entries.length;
  while (end > 0 && isOnItsWay(entries[end - 1])) {
    end--;
  }
  return end;
}

function keep(room, entry) {
  const entries = rooms.get(room);
  const at = isOnItsWay(entry) ? entries.length : endOfTopic(entries);
  entries.splice(at, 0, entry);
  if (room === current) {
    addEntry(entries, at, retry);
  }
  if (entries.length > KEPT) {
    entries.shift();
  }
}

/** Moves an own message that has arrived to its place in the topic. */
function settle(room, entry) {
  const entries = rooms.get(room);
  const from = entries.indexOf(entry);
  entries.splice(from, 1);
  const to = endOfTopic(entries);
  entries.splice(to, 0, entry);
  if (from !== to && room === current) {
    moveEntry(entries, from, to);
  }
}

/** Validates a message, since clients other than the chat controller may publish to a topic. */
function isMessage({ name, text, time, ref }) {
  return typeof name === 'string' && name !== ''
    && typeof text === 'string'
    && !Number.isNaN(Date.parse(time))
    && (ref === null || typeof ref === 'string');
}

function received(room, message) {
  if (!isMessage(message)) {
    return;
  }
  const own = message.ref?.startsWith(`${page}-`) ?? false;
  const known = message.ref && rooms.get(room).find(entry => entry.ref === message.ref);
  if (known) { // our own, or a duplicate after a retry
    const wasSent = known.state === 'sent';
    Object.assign(known, { time: new Date(message.time), node: message.node });
    outbox.arrived(known);
    if (!wasSent) {
      settle(room, known);
    }
    return;
  }
  keep(room, { ...message, room, time: new Date(message.time), own, state: 'sent' });
  if (!own && !telling.has(room) && (room !== current || document.hidden)) {
    unread.set(room, (unread.get(room) ?? 0) + 1);
    drawRooms();
  }
}

/** Sends with the same ref, so that a message that arrived the first time is shown once. */
function retry(entry) {
  outbox.add(entry);
}

function write(text) {
  const entry = {
    room: current,
    name: signIn.user ?? nameField.value.trim(),
    text,
    time: new Date(),
    ref: `${page}-${randomName()}`, // unpredictable, as it is also the publisher's id
    own: true,
    state: 'sending',
  };
  keep(current, entry);
  outbox.add(entry);
}

function connected({ headers }) {
  showStatus('up', headers.node ? `Served by node ${headers.node}` : 'Connected');
  signIn.accepted(headers['user-name']);
  link.subscribe('/user/queue/refusals', ({ ref, reason }) => outbox.refused(ref, reason));
  link.subscribe('/app/rooms', names => {
    names.forEach(addRoom);
    if (current === undefined) {
      choose(names[0]);
    }
    drawRooms();
  });
  outbox.connected();
}

function disconnected(error) {
  outbox.disconnected();
  showStatus('down', error ?? `No connection; trying ${new URL(link.endpoint).host}`);
}

function stopped(sentence, asksForSignIn) {
  outbox.disconnected();
  showStatus('stopped', sentence);
  if (asksForSignIn) {
    signIn.ask(sentence);
  }
}

function connect() {
  showStatus('connecting', 'Connecting …');
  link.start(signIn.credentials);
}

function submitMessage() {
  const text = textField.value.trim();
  if (signIn.user === undefined && nameField.value.trim() === '') {
    nameField.focus();
    nameField.setCustomValidity('Tell the others your name first.');
    nameField.reportValidity();
  } else if (text !== '' && current !== undefined) {
    write(text);
    textField.value = '';
    fitText();
  }
}

function fitText() {
  textField.style.height = 'auto';
  textField.style.height = `${textField.scrollHeight + 2}px`;
}

function listen() {
  nameField.value = browser.get('name') ?? '';
  nameField.addEventListener('input', () => {
    nameField.setCustomValidity('');
    browser.set('name', nameField.value.trim());
  });
  textField.addEventListener('input', fitText);
  textField.addEventListener('keydown', event => {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      submitMessage();
    }
  });
  byId('compose').addEventListener('submit', event => {
    event.preventDefault();
    submitMessage();
    textField.focus();
  });
  byId('join').addEventListener('submit', event => {
    event.preventDefault();
    const field = byId('new-room');
    const room = field.value.trim().toLowerCase();
    if (ROOM_PATTERN.test(room)) {
      field.value = '';
      choose(room);
    } else {
      field.reportValidity();
    }
  });
  byId('reconnect').addEventListener('click', connect);
  addEventListener('hashchange', () => {
    const room = roomOf(location.hash);
    if (room !== undefined && room !== current) {
      choose(room);
    }
  });
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden && unread.delete(current)) {
      drawRooms();
    }
  });
}

async function start() {
  tab.set('page', page);
  signIn = new SignIn(connect);
  listen();
  const known = browser.get('rooms');
  (Array.isArray(known) ? known : []).filter(room => ROOM_PATTERN.test(room)).forEach(addRoom);
  current = ROOM_PATTERN.test(current) ? current : undefined;
  if (current !== undefined) {
    choose(current);
  }
  const answer = await fetch('chat/settings');
  if (!answer.ok) {
    throw new Error(`The settings could not be loaded (${answer.status}).`);
  }
  const settings = await answer.json();
  await import(settings.stomp); // a classic script: it sets a global
  link = new Link(globalThis.StompJs.Client, endpointsOf(location, settings), {
    onUp: connected,
    onDown: disconnected,
    onStopped: stopped,
  });
  rooms.forEach((entries, room) => follow(room));
  connect();
}

start().catch(error => showStatus('down', error.message));
