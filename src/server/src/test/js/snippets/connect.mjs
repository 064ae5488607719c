// region connect
import { Client } from '@stomp/stompjs';

const client = new Client({ brokerURL: 'ws://localhost:8080/ws' });
client.onConnect = () => {
  client.subscribe('/topic/news', (message) => console.log(message.body));
  client.publish({ destination: '/topic/news', body: 'hello' });
};
client.activate();
// endregion

export { client };
