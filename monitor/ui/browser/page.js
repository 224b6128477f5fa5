// The socket stands beside the page, whatever host, port and path lead here, also through a proxy.
document.addEventListener("DOMContentLoaded", () => {
  const socket = new URL("ws", document.baseURI);
  socket.protocol = socket.protocol === "https:" ? "wss:" : "ws:";
  document.getElementById("terminal").dataset.sessionWebsocketUrl = socket.href;
  document.getElementById("again").addEventListener("click", () => location.reload());
});
