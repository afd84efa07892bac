// The official TypeScript SDK, first generation, as a client of a scenario (see playing.mjs).

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { CallToolResultSchema, LoggingMessageNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { holdResponses, main, wire } from './playing.mjs';

// This SDK always asks for its newest revision, so the transport asks for another one.
class PinnedTransport extends StdioClientTransport {
    constructor(server, pin) {
        super(server);
        this.pin = pin;
    }

    send(message) {
        if (message.method === 'initialize') {
            const params = { ...message.params, protocolVersion: this.pin };
            return super.send({ ...message, params });
        }
        return super.send(message);
    }

    setProtocolVersion(version) {
        this.negotiated = version;
    }
}

class Sdk1 {
    modern = false;
    tools = [];

    constructor(client, transport) {
        this.client = client;
        this.transport = transport;
    }

    opened() {
        const { client } = this;
        return {
            revision: this.transport.negotiated,
            server: wire(client.getServerVersion()),
            capabilities: wire(client.getServerCapabilities()),
            instructions: client.getInstructions()
        };
    }

    async page(kind, cursor) {
        const { client } = this;
        const [ask, member] = {
            tools: [client.listTools, 'tools'],
            resources: [client.listResources, 'resources'],
            templates: [client.listResourceTemplates, 'resourceTemplates'],
            prompts: [client.listPrompts, 'prompts']
        }[kind];
        const result = await ask.call(client, { cursor });
        if (kind === 'tools') {
            // It remembers the output schemas of the last page only; so that it checks all results,
            // it is told of all tools.
            this.tools.push(...result.tools);
            client.cacheToolMetadata(this.tools);
        }
        return { items: wire(result[member]), nextCursor: result.nextCursor };
    }

    async call(name, given, { onprogress, signal } = {}) {
        const options = { onprogress, signal };
        return wire(await this.client.callTool({ name, arguments: given }, CallToolResultSchema, options));
    }

    async read(uri) {
        return wire((await this.client.readResource({ uri })).contents);
    }

    async prompt(name, given) {
        return wire(await this.client.getPrompt({ name, arguments: given }));
    }

    async setLevel(level) {
        await this.client.setLoggingLevel(level);
    }

    async ping() {
        return wire(await this.client.ping());
    }

    async close() {
        await this.client.close();
    }
}

await main(async (pin, [command, ...args], heard) => {
    const transport = new PinnedTransport({ command, args }, pin);
    const client = new Client({ name: 'sdk1', version: '1' });
    client.onerror = error => heard.complain(`onerror: ${error}`);
    client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => heard.log(wire(params)));
    await client.connect(transport);
    holdResponses(transport);
    return new Sdk1(client, transport);
});
