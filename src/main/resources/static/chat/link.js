import { Backoff, shuffled } from './endpoints.js';

const CONNECT_TIMEOUT = 8_000;

/** Anybody may publish what is no JSON; a failure here would leave STOMP.js's parser in mid-frame. */
function read(body) {
  try {
    return JSON.parse(body) ?? undefined;
  } catch {
    return undefined;
  }
}

/**
 * A STOMP connection that comes back by itself: each failure moves on to the next endpoint, after a
 * random wait that grows.
 *
 * `onUp(frame)` is called at each CONNECTED, and subscribes anew; `onDown(wait)` once the connection
 * has ended; `onRefused(sentence)` where the server sent an ERROR.
 */
export class Link {
  #endpoints;
  #at = 0;
  #backoff = new Backoff();
  #client;

  constructor(Client, endpoints, { onUp, onDown, onRefused }) {
    this.#endpoints = shuffled(endpoints);
    this.#client = new Client({
      webSocketFactory: () => new WebSocket(this.endpoint, ['v12.stomp', 'v11.stomp', 'v10.stomp']),
      connectionTimeout: CONNECT_TIMEOUT,
      heartbeatIncoming: 10_000,
      heartbeatOutgoing: 10_000,
      // A dead network never answers the closing handshake: do not wait for it.
      discardWebsocketOnCommFailure: true,
      // The wait itself is in beforeConnect: STOMP.js knows no jitter.
      reconnectDelay: 1,
      beforeConnect: () => this.#pause(),
      onConnect: frame => {
        this.#backoff.succeeded();
        onUp(frame);
      },
      onWebSocketClose: () => {
        this.#backoff.failed();
        this.#at = (this.#at + 1) % this.#endpoints.length;
        onDown();
      },
      onStompError: frame => onRefused(frame.headers.message ?? 'The server refused the connection.'),
    });
  }

  get endpoint() {
    return this.#endpoints[this.#at];
  }

  get up() {
    return this.#client.connected;
  }

  start() {
    this.#client.activate();
  }

  subscribe(destination, take) {
    return this.#client.subscribe(destination, message => {
      const content = read(message.body);
      if (content !== undefined) {
        take(content);
      }
    });
  }

  send(destination, body, headers) {
    this.#client.publish({
      destination,
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...headers },
    });
  }

  #pause() {
    return new Promise(resolve => setTimeout(resolve, this.#backoff.next()));
  }
}
