import { tab } from './storage.js';

const byId = id => document.getElementById(id);

/**
 * The dialog for a token, or a name and passcode, and the credentials entered. A token survives a
 * reload of this tab; a passcode does not.
 *
 * `given()` is called when the credentials change.
 */
export class SignIn {
  #dialog = byId('sign-in');
  #given;
  #credentials;
  #user;

  constructor(given) {
    this.#given = given;
    const token = tab.get('token');
    this.#credentials = typeof token === 'string' ? { Authorization: `Bearer ${token}` } : undefined;
    byId('account').addEventListener('click', () => {
      if (this.#credentials === undefined) {
        this.ask('');
      } else {
        this.#change(undefined);
      }
    });
    byId('sign-in-cancel').addEventListener('click', () => this.#dialog.close());
    byId('sign-in-form').addEventListener('submit', event => {
      event.preventDefault();
      this.#submit();
    });
    this.#show();
  }

  /** The headers for CONNECT. */
  get credentials() {
    return this.#credentials ?? {};
  }

  /** The user name on the server; undefined for an anonymous client. */
  get user() {
    return this.#user;
  }

  ask(sentence) {
    byId('sign-in-reason').textContent = sentence;
    if (!this.#dialog.open) {
      this.#dialog.showModal();
    }
  }

  /** Notes that the server has accepted this client under this name. */
  accepted(userName) {
    this.#user = this.#credentials === undefined ? undefined : userName;
    this.#show();
  }

  #submit() {
    const token = byId('token').value.trim();
    const login = byId('login').value.trim();
    const passcode = byId('passcode').value;
    if (token !== '') {
      tab.set('token', token);
      this.#change({ Authorization: `Bearer ${token}` });
    } else if (login !== '') {
      tab.set('token', undefined);
      this.#change({ login, passcode });
    } else {
      byId('sign-in-reason').textContent = 'Give a token, or a name and its passcode.';
      return;
    }
    byId('sign-in-form').reset();
    this.#dialog.close();
  }

  #change(credentials) {
    if (credentials === undefined) {
      tab.set('token', undefined);
    }
    this.#credentials = credentials;
    this.#user = undefined;
    this.#show();
    this.#given();
  }

  #show() {
    byId('account').textContent = this.#credentials === undefined ? 'Sign in' : 'Sign out';
    byId('signed-in').textContent = this.#user ?? '';
    byId('signed-in').hidden = this.#user === undefined;
    byId('name').hidden = this.#user !== undefined;
  }
}
