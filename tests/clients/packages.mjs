// The packages @rocket.chat/sdk and @embeddedchat/api, unchanged, asking for files.
// Needs FILEDEX_URL (the server) and FILEDEX_PAGES (the documents' pages).
import assert from 'node:assert';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const require = createRequire(import.meta.url);
const CALLER = { userId: 'aobEdbYhXfu5hkeqG', authToken: '9HqLlyZOugoStsXCUfD_0YdwnNnunAJF8V47U3QHXSq' };
const CHANNEL = '6630e42b72f069422b1022c1';

process.env.ROCKETCHAT_URL = process.env.FILEDEX_URL;

const page = (name) => JSON.parse(fs.readFileSync(path.join(process.env.FILEDEX_PAGES, `${name}.json`), 'utf8'));
const version = (name) => JSON.parse(fs.readFileSync(`node_modules/${name}/package.json`, 'utf8')).version;
const same = (what, found, expected) => {
	assert.strictEqual(JSON.stringify(found), JSON.stringify(expected), what);
	console.log('ok', what);
};

// Version 0.2.9 is the last release under its plain tag; its client of REST is what bots use.
const sdk = async () => {
	console.log('@rocket.chat/sdk', version('rocketchat-sdk'));
	const api = require('rocketchat-sdk/dist/lib/api');
	api.setAuth(CALLER);
	// It would log in by password; the token is there already.
	const get = (endpoint, data) => new Promise((resolve, reject) => {
		const url = `${process.env.FILEDEX_URL}/api/v1/${endpoint}${api.getQueryString(data)}`;
		api.client.get(url, { headers: api.getHeaders(true) }, (result) => (api.success(result) ? resolve(result) : reject(result))).on('error', reject);
	});
	same('im.files', await get('im.files', { username: 'user' }), page('im.files'));
	same('groups.files', await get('groups.files', { roomName: 'general' }), page('groups.files'));
	same('rooms.images', await get('rooms.images', { roomId: CHANNEL }), page('rooms.images'));
	same('groups.files with a query', (await get('groups.files', { roomName: 'general', query: { 'user.username': 'rocket.cat' } })).total, 1);
};

const embedded = async () => {
	console.log('@embeddedchat/api', version('@embeddedchat/api'));
	// It is made for pages, which a bundler builds: Node alone does not load it.
	const options = { entryPoints: ['@embeddedchat/api'], bundle: true, platform: 'node', mainFields: ['module', 'main'], format: 'cjs', outfile: 'embedded.cjs', logLevel: 'error' };
	await require('esbuild').build(options);
	const { EmbeddedChatApi } = require('./embedded.cjs');
	const tokens = { getToken: async () => null, saveToken: async () => {}, deleteToken: async () => {} };
	const chat = (room) => {
		const api = new EmbeddedChatApi(process.env.FILEDEX_URL, room, tokens);
		api.setAuth({ getCurrentUser: async () => CALLER });
		return api;
	};
	same('getAllFiles of a private room', await chat('GENERAL').getAllFiles(true), page('groups.files'));
	same('getAllFiles of a channel', (await chat(CHANNEL).getAllFiles()).total, 2);
	same('getAllImages', await chat(CHANNEL).getAllImages(), page('rooms.images'));
};

await sdk();
await embedded();
process.exit(0);
