// Playing a scenario with one client of the TypeScript SDKs: the steps, and the report of what the
// client saw. The scenario and the report have the form of tests/peers/python/playing.py.

const PATIENCE = 20_000;
export const LEVEL_KEY = 'io.modelcontextprotocol/logLevel';

// Play the scenario of the command line with what `open(pin, command, heard)` gives, and print the
// report. `heard.log` takes log entries, `heard.complain` whatever the client finds odd.
export async function main(open) {
    const scenario = JSON.parse(process.argv[2]);
    const command = process.argv.slice(3);
    const report = {};
    for (const connection of scenario.connections) {
        report[connection.name] = await play(open, scenario, connection, command);
    }
    process.stdout.write(JSON.stringify(report));
}

async function play(open, scenario, connection, command) {
    const logs = [];
    const complaints = [];
    const words = command.map(word => word.replaceAll('{name}', connection.name));
    const silence = listenTo(complaints);
    const client = await open(connection.pin, words, {
        log: entry => logs.push(entry),
        complain: text => complaints.push(text)
    });
    try {
        const report = await steps(client, scenario, connection, logs);
        return { ...report, logs, complaints };
    } finally {
        await client.close();
        silence();
    }
}

async function steps(client, scenario, connection, logs) {
    const report = { opened: client.opened(), pages: {} };
    for (const kind of scenario.lists) {
        report.pages[kind] = await pages(client, kind);
    }
    report.calls = await each(scenario.calls, ([tool, given]) => client.call(tool, given));
    report.reads = await each(
        Object.fromEntries(scenario.reads.map(uri => [uri, uri])),
        uri => client.read(uri)
    );
    report.prompts = await each(scenario.prompts, ([name, given]) => client.prompt(name, given));
    report.progress = {};
    for (const [label, [tool, given, notices]] of Object.entries(scenario.progress)) {
        const came = [];
        const take = ({ progress, total = null, message = null }) =>
            came.push([progress, total, message]);
        await client.call(tool, given, { onprogress: take });
        await until(() => came.length >= notices, () => `progress of ${tool}: ${came}`);
        report.progress[label] = came;
    }
    for (const { level, entries } of connection.logs) {
        if (level !== null && !client.modern) {
            await client.setLevel(level);
        }
        const wanted = logs.length + entries;
        for (const logged of scenario.levels) {
            await client.call('log', { level: logged }, { level });
        }
        await until(() => logs.length >= wanted, () => `log entries: ${JSON.stringify(logs)}`);
    }
    report.ping = client.modern ? null : await client.ping();
    report.listen = client.modern && scenario.listen ? await client.listen() : null;
    report.cancelled = scenario.cancel ? await cancel(client) : null;
    const calls = Array.from({ length: scenario.concurrent }, (_, n) =>
        client.call('echo', { text: `number ${n}` })
    );
    report.concurrent = (await Promise.all(calls)).map(result => result.content[0].text);
    return report;
}

async function pages(client, kind) {
    const found = [];
    let cursor;
    do {
        const page = await client.page(kind, cursor);
        found.push(page.items);
        cursor = page.nextCursor;
    } while (cursor !== undefined);
    return found;
}

// The outcome of each step: a result, the server's error, or what the client itself threw.
async function each(steps, play) {
    const outcomes = {};
    for (const [label, step] of Object.entries(steps)) {
        try {
            outcomes[label] = await play(step);
        } catch (error) {
            outcomes[label] = outcome(error);
        }
    }
    return outcomes;
}

function outcome(error) {
    if (typeof error.code !== 'number') {
        return { raised: String(error) };
    }
    const message = error.message.replace(/^MCP error -?\d+: /, '');
    const refusal = { code: error.code, message };
    return error.data === undefined ? refusal : { ...refusal, data: error.data };
}

async function cancel(client) {
    const control = new AbortController();
    let ended;
    try {
        await client.call('hold', {}, { onprogress: () => control.abort('the scenario says so'), signal: control.signal });
        ended = 'answered';
    } catch {
        ended = control.signal.aborted ? 'cancelled' : 'failed';
    }
    await until(async () => {
        const holds = JSON.parse((await client.call('holds', {})).content[0].text);
        return holds.running === 0 && holds.cancelled === 1;
    }, () => 'the end of the cancelled call');
    return { ended };
}

async function until(condition, what) {
    const deadline = Date.now() + PATIENCE;
    while (!(await condition())) {
        if (Date.now() > deadline) {
            throw new Error(`this did not all come: ${what()}`);
        }
        await new Promise(resolve => setImmediate(resolve));
    }
}

// Until the returned function is called, whatever is written to the console is a complaint.
function listenTo(complaints) {
    const names = ['debug', 'log', 'info', 'warn', 'error'];
    const originals = Object.fromEntries(names.map(name => [name, console[name]]));
    for (const name of names) {
        console[name] = (...words) => complaints.push(`console.${name}: ${words.join(' ')}`);
    }
    const warned = warning => complaints.push(`warning: ${warning}`);
    process.on('warning', warned);
    return () => {
        Object.assign(console, originals);
        process.off('warning', warned);
    };
}

// These SDKs forget where a call's progress goes as soon as its response is seen, but handle notices
// a moment after they are seen: progress that comes together with the response is lost. So responses
// wait here until the notices before them are handled. Called once the client is connected.
export function holdResponses(transport) {
    const deliver = transport.onmessage;
    transport.onmessage = (message, extra) => {
        if (message.method === undefined) {
            setImmediate(() => deliver.call(transport, message, extra));
        } else {
            deliver.call(transport, message, extra);
        }
    };
}

// An object without the members that are undefined, as it is on the wire.
export function wire(value) {
    return JSON.parse(JSON.stringify(value));
}
