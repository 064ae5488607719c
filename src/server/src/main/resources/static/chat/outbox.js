const ANSWER_TIMEOUT = 10_000;
const TRIES = 3;
const MOST_WAITING = 100;

/**
 * Holds own messages until they arrive on the room's topic. Each is sent again with the same id
 * after a lost connection or a timeout; the server stores it once.
 *
 * `send(entry)` sends a message, `changed(entry)` is called with each new state: `waiting` for a
 * connection, `sending`, `sent`, or `unsent` with a reason.
 */
export class Outbox {
  #link;
  #send;
  #changed;
  #waiting = new Map();

  constructor(link, send, changed) {
    this.#link = link;
    this.#send = send;
    this.#changed = changed;
  }

  add(entry) {
    if (this.#waiting.size >= MOST_WAITING) {
      this.#settle(entry, 'unsent', `Not sent: ${MOST_WAITING} messages wait already.`);
      return;
    }
    this.#waiting.set(entry.ref, { entry, tries: 0, timer: undefined });
    this.#dispatch(entry.ref);
  }

  /** Sends waiting messages: the client is connected and has subscribed again. */
  connected() {
    for (const waiting of this.#waiting.values()) {
      waiting.tries = 0;
      this.#dispatch(waiting.entry.ref);
    }
  }

  disconnected() {
    for (const { entry, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      this.#settle(entry, 'waiting');
    }
  }

  arrived(entry) {
    this.#remove(entry);
    this.#settle(entry, 'sent');
  }

  refused(ref, reason) {
    const waiting = this.#waiting.get(ref);
    if (waiting) {
      this.#remove(waiting.entry);
      this.#settle(waiting.entry, 'unsent', reason);
    }
  }

  #dispatch(ref) {
    const waiting = this.#waiting.get(ref);
    clearTimeout(waiting.timer);
    if (!this.#link().up) {
      this.#settle(waiting.entry, 'waiting');
    } else if (waiting.tries === TRIES) {
      this.refused(ref, 'Not sent: the server does not answer.');
    } else {
      waiting.tries++;
      waiting.timer = setTimeout(() => this.#dispatch(ref), ANSWER_TIMEOUT);
      this.#settle(waiting.entry, 'sending');
      this.#send(waiting.entry);
    }
  }

  #remove(entry) {
    clearTimeout(this.#waiting.get(entry.ref)?.timer);
    this.#waiting.delete(entry.ref);
  }

  #settle(entry, state, reason) {
    if (entry.state !== state || entry.reason !== reason) {
      Object.assign(entry, { state, reason });
      this.#changed(entry);
    }
  }
}
