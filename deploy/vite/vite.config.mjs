// Vite's development server (8 or newer) before a node: the page and its WebSocket on one origin while you develop. Add
// `server` to your own configuration. One node only; tried by deploy/try-balancers.
export default {
  server: {
    proxy: {
      // Host stays as the browser sent it (no changeOrigin): the node compares it with Origin.
      '/ws': { target: 'ws://10.0.0.11:8080', ws: true },
    },
  },
};
