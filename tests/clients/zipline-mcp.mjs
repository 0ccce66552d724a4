// What the read-only tools of dorogoy/zipline-mcp ask for, and what they make of the answers.
// Needs FILEDEX_URL (the server).
//
//     node zipline-mcp.mjs          # asks as its 1.12.9 does: the package is in no registry
//     node zipline-mcp.mjs DIR      # calls the tools themselves, of a checkout that was built
import assert from 'node:assert';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import readline from 'node:readline';

const TOKEN = '9HqLlyZOugoStsXCUfD_0YdwnNnunAJF8V47U3QHXSq';
const FILE = 'cmb60pvng00039kentdaw6p68';
const FOLDER = 'cmb60pvng00039kentdaw6p70';

const lists = (length) => (body) => {
	assert.strictEqual(body.page.length, length, JSON.stringify(body));
	body.page.forEach(isFile);
	// As Zipline has it, what is searched for is not counted: the tool says "undefined" then.
	assert.strictEqual(body.total, body.search ? undefined : length);
};
const isFile = (file) => assert(file.id === FILE && file.name === 'brg2IB.png' && typeof file.url === 'string', JSON.stringify(file));
const isFolder = (folder) => {
	for (const field of ['id', 'name', 'createdAt', 'updatedAt']) assert.strictEqual(typeof folder[field], 'string', field);
	assert.strictEqual(typeof folder.public, 'boolean');
	assert.strictEqual(folder.id, FOLDER);
};
// Of a folder with files it takes none: it wants their tags to be texts, and Zipline's are objects.
const withFiles = (folder) => {
	isFolder(folder);
	assert.deepStrictEqual(folder.files, []);
};
const counts = (body) => {
	for (const field of ['filesUploaded', 'favoriteFiles', 'views', 'avgViews', 'storageUsed', 'urlsCreated', 'urlViews']) {
		assert.strictEqual(typeof body[field], 'number', field);
	}
	assert.strictEqual(body.filesUploaded, 1);
};

// Each with what the tool sends, what it relies on, and what it says.
const get = (path, status, relies = () => {}) => ({ path, status, relies });
const list = '/api/user/files?page=1&perpage';
const CALLS = [
	{ tool: 'list_user_files', given: { page: 1 }, sends: [get(`${list}=15`, 200, lists(1))], says: /brg2IB\.png[^]*Total files: 1/ },
	{
		tool: 'list_user_files',
		given: { page: 1, perpage: 5, filter: 'dashboard', favorite: false, sortBy: 'size', order: 'asc', searchField: 'name', searchQuery: 'brg' },
		sends: [get(`${list}=5&filter=dashboard&favorite=false&sortBy=size&order=asc&searchField=name&searchQuery=brg`, 200, lists(1))],
		says: /brg2IB\.png/,
	},
	{
		tool: 'list_user_files',
		given: { page: 1, searchField: 'id', searchQuery: 'nowhere' },
		sends: [get(`${list}=15&searchField=id&searchQuery=nowhere`, 200, lists(0))],
		says: /USER FILES\s+Total files: undefined/,
	},
	{ tool: 'get_user_file', given: { id: FILE }, sends: [get(`/api/user/files/${FILE}`, 200, (body) => isFile({ url: '', ...body }))], says: /brg2IB\.png/ },
	{ tool: 'get_user_file', given: { id: 'no/where' }, sends: [get('/api/user/files/no%2Fwhere', 404)], says: /GET USER FILE FAILED/ },
	{
		tool: 'remote_folder_manager',
		given: { command: 'LIST', page: 1, noincl: true },
		sends: [get('/api/user/folders?page=1&noincl=true', 200, (body) => body.forEach(isFolder))],
		says: new RegExp(`trips[^]*${FOLDER}`),
	},
	{
		tool: 'remote_folder_manager',
		given: { command: 'LIST' },
		sends: [get('/api/user/folders', 200, (body) => body.forEach(withFiles))],
		says: new RegExp(`trips[^]*${FOLDER}`),
	},
	{
		tool: 'remote_folder_manager',
		given: { command: 'INFO', id: FOLDER },
		sends: [get(`/api/user/folders/${FOLDER}`, 200, withFiles)],
		says: /trips[^]*Public[^]*Files: 0/,
	},
	{ tool: 'remote_folder_manager', given: { command: 'INFO', id: 'nowhere' }, sends: [get('/api/user/folders/nowhere', 404)], says: /GET FOLDER FAILED/ },
	// It does without the quota where there is no such path.
	{ tool: 'get_usage_stats', given: {}, sends: [get('/api/user/stats', 200, counts), get('/api/user', 404)], says: /Files: 1[^]*Total Views/ },
	// No path of Zipline's either, whose own is /api/healthcheck.
	{ tool: 'check_health', given: {}, sends: [get('/api/health', 404)], says: /HEALTH CHECK FAILED[^]*HTTP Status: 404/ },
];

const what = ({ tool, given }) => `${tool} ${JSON.stringify(given)}`;

const asked = async () => {
	console.log('zipline-mcp 1.12.9, what it sends');
	for (const call of CALLS) {
		for (const { path, status, relies } of call.sends) {
			const reply = await fetch(process.env.FILEDEX_URL + path, { headers: { authorization: TOKEN } });
			const body = await reply.json();
			assert.strictEqual(reply.status, status, `${path}: ${JSON.stringify(body)}`);
			relies(body);
		}
		console.log('ok', what(call));
	}
};

// Between the package and the server, to see what is sent.
const between = (sent) => new Promise((resolve) => {
	const server = http.createServer(async ({ url, headers }, reply) => {
		sent.push(url);
		const { authorization } = headers;
		const found = await fetch(process.env.FILEDEX_URL + url, { headers: authorization ? { authorization } : {} });
		reply.writeHead(found.status, { 'content-type': found.headers.get('content-type') });
		reply.end(Buffer.from(await found.arrayBuffer()));
	});
	server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${server.address().port}`));
});

// Its protocol is a JSON document a line, both ways.
const started = (directory, endpoint) => {
	const env = { ...process.env, ZIPLINE_ENDPOINT: endpoint, ZIPLINE_TOKEN: TOKEN };
	const child = spawn(process.execPath, [path.join(directory, 'dist/index.js')], { env, stdio: ['pipe', 'pipe', 'inherit'] });
	const waiting = new Map();
	readline.createInterface({ input: child.stdout }).on('line', (line) => {
		const { id, ...reply } = JSON.parse(line);
		waiting.get(id)?.(reply);
	});
	const say = (message) => child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
	const ask = (method, params) => new Promise((resolve) => {
		waiting.set(waiting.size, resolve);
		say({ id: waiting.size - 1, method, params });
	});
	return { say, ask, end: () => child.kill() };
};

const called = async (directory) => {
	console.log('zipline-mcp', JSON.parse(fs.readFileSync(path.join(directory, 'package.json'), 'utf8')).version);
	const sent = [];
	const { say, ask, end } = started(directory, await between(sent));
	await ask('initialize', { protocolVersion: '2025-03-26', capabilities: {}, clientInfo: { name: 'filedex', version: '1' } });
	say({ method: 'notifications/initialized' });
	for (const call of CALLS) {
		sent.length = 0;
		const { result, error } = await ask('tools/call', { name: call.tool, arguments: call.given });
		assert(!error, JSON.stringify(error));
		assert.match(result.content[0].text, call.says);
		assert.deepStrictEqual([...sent].sort(), call.sends.map(({ path }) => path).sort());
		console.log('ok', what(call));
	}
	end();
};

await (process.argv[2] ? called(process.argv[2]) : asked());
process.exit(0);
