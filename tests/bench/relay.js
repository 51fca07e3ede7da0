// The same relay as broadcast.c on node and the `ws` package: whoever sends a message to /group/N, all of /group/N get it.
// Nothing else is done: no parsing, no check, no disk. Its argument is the folder in which `ws` is installed.
'use strict';
const {WebSocketServer} = require(require('path').join(process.argv[2], 'node_modules', 'ws'));

const groups = new Map();
const server = new WebSocketServer({
    host : '127.0.0.1',
    port : 0,
    perMessageDeflate : false,
    handleProtocols : () => false,
});
server.on('listening', () => {
    console.log(JSON.stringify({ready : true, urls : [ `http://127.0.0.1:${server.address().port}` ]}));
});
server.on('connection', (socket, request) => {
    const name = request.url;
    const group = groups.get(name) || new Set();
    groups.set(name, group.add(socket));
    socket.on('message', (data, binary) => {
        for (const member of group) {
            member.send(data, {binary});
        }
    });
    socket.on('close', () => group.delete(socket));
    socket.on('error', () => socket.terminate());
});
process.on('SIGTERM', () => process.exit(0));
