// The echo server on the official TypeScript SDK, version 1.
import { load } from "./peers.mjs";

const { McpServer } = await load("@modelcontextprotocol/sdk/server/mcp.js");
const { StdioServerTransport } = await load("@modelcontextprotocol/sdk/server/stdio.js");
const { z } = await load("zod");

const server = new McpServer({ name: "bench", version: "1" });
server.registerTool(
  "echo",
  { description: "Return the text.", inputSchema: { text: z.string() }, outputSchema: { text: z.string() } },
  async ({ text }) => {
    const output = { text };
    return { content: [{ type: "text", text: JSON.stringify(output) }], structuredContent: output };
  },
);
await server.connect(new StdioServerTransport());
