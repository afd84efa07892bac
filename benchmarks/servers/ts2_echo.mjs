// The echo server on the official TypeScript SDK, version 2.
import { load } from "./peers.mjs";

const { McpServer } = await load("@modelcontextprotocol/server");
const { serveStdio } = await load("@modelcontextprotocol/server/stdio");
const { z } = await load("zod");

const echo = z.object({ text: z.string() });

serveStdio(() => {
  const server = new McpServer({ name: "bench", version: "1" });
  server.registerTool(
    "echo",
    { description: "Return the text.", inputSchema: echo, outputSchema: echo },
    async ({ text }) => {
      const output = { text };
      return { content: [{ type: "text", text: JSON.stringify(output) }], structuredContent: output };
    },
  );
  return server;
});
