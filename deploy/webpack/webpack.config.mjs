// webpack's development server (6 or newer) before a node: add `devServer` to your own configuration. Its own socket for hot
// reloading is at /ws by default and would answer your clients in place of the node: 101, then messages that are no STOMP.
export default {
  devServer: {
    webSocketServer: { type: 'ws', options: { path: '/hmr' } },
    client: { webSocketURL: { pathname: '/hmr' } },
    proxy: [{ context: ['/ws'], target: 'http://10.0.0.11:8080', ws: true }],
  },
};
