// The official TypeScript SDK, second generation, as a client of a scenario (see playing.mjs).

import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { LEVEL_KEY, holdResponses, main, wire } from './playing.mjs';

class Sdk2 {
    constructor(client) {
        this.client = client;
        this.modern = client.getProtocolEra() === 'modern';
    }

    opened() {
        const { client } = this;
        return {
            revision: client.getNegotiatedProtocolVersion(),
            server: wire(client.getServerVersion()),
            capabilities: wire(client.getServerCapabilities()),
            instructions: client.getInstructions()
        };
    }

    // Without a cursor this client walks all pages itself and keeps what it needs of them; the single
    // pages are asked for with cursors, the first with none by going below that method.
    async page(kind, cursor) {
        const { client } = this;
        const [list, method, member] = {
            tools: ['listTools', 'tools/list', 'tools'],
            resources: ['listResources', 'resources/list', 'resources'],
            templates: ['listResourceTemplates', 'resources/templates/list', 'resourceTemplates'],
            prompts: ['listPrompts', 'prompts/list', 'prompts']
        }[kind];
        if (cursor === undefined) {
            await client[list]();
        }
        const result =
            cursor === undefined ? await client.request({ method }) : await client[list]({ cursor });
        return { items: wire(result[member]), nextCursor: result.nextCursor };
    }

    async call(name, given, { onprogress, signal, level } = {}) {
        const params = { name, arguments: given };
        if (level && this.modern) {
            params._meta = { [LEVEL_KEY]: level };
        }
        return wire(await this.client.callTool(params, { onprogress, signal }));
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

    async listen() {
        const subscription = await this.client.listen({
            toolsListChanged: true,
            promptsListChanged: true,
            resourcesListChanged: true,
            resourceSubscriptions: ['everything://about']
        });
        const granted = wire(subscription.honoredFilter ?? null);
        await subscription.close();
        return granted;
    }

    async close() {
        await this.client.close();
    }
}

await main(async (pin, [command, ...args], heard) => {
    const options = {
        auto: { versionNegotiation: { mode: 'auto' } },
        '2026-07-28': { versionNegotiation: { mode: { pin } } }
    }[pin] ?? { supportedProtocolVersions: [pin] };
    const client = new Client({ name: 'sdk2', version: '2' }, options);
    client.onerror = error => heard.complain(`onerror: ${error}`);
    client.setNotificationHandler('notifications/message', ({ params }) => heard.log(wire(params)));
    const transport = new StdioClientTransport({ command, args });
    await client.connect(transport);
    holdResponses(transport);
    return new Sdk2(client);
});
