// The package @rocket.chat/api-client, unchanged, asking for files.
// Needs FILEDEX_URL (the server) and FILEDEX_PAGES (the documents' pages).
'use strict';

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { RestClient } = require('@rocket.chat/api-client');

const { version } = JSON.parse(fs.readFileSync(path.join(__dirname, 'node_modules/@rocket.chat/api-client/package.json'), 'utf8'));
console.log('@rocket.chat/api-client', version);

const CHANNEL = '6630e42b72f069422b1022c1';

const client = (token = '9HqLlyZOugoStsXCUfD_0YdwnNnunAJF8V47U3QHXSq') =>
	new RestClient({
		baseUrl: process.env.FILEDEX_URL,
		credentials: { 'X-User-Id': 'aobEdbYhXfu5hkeqG', 'X-Auth-Token': token },
	});

const page = (name) => JSON.parse(fs.readFileSync(path.join(process.env.FILEDEX_PAGES, `${name}.json`), 'utf8'));

// Equal in every value and in the order of the keys.
const same = async (what, answer, expected) => {
	assert.strictEqual(JSON.stringify(await answer), JSON.stringify(expected), what);
	console.log('ok', what);
};

const refused = async (what, answer, status, expected) => {
	const response = await answer.then(() => assert.fail(`${what}: no error`), (response) => response);
	assert.strictEqual(response.status, status, what);
	assert.deepStrictEqual(await response.json(), expected, what);
	console.log('ok', what);
};

// The documents show no page of channels.files: it is that of rooms.images by name, with owners.
const channelPage = () => {
	const user = { _id: 'yuT9xp9eEd6HqB3n8', username: 'cyd', name: 'Cyd' };
	const owned = (image) =>
		Object.fromEntries(Object.entries(image).map((field) => (field[0] === 'userId' ? ['user', user] : field)));
	const files = page('rooms.images').files.sort((a, b) => (a.name < b.name ? -1 : 1)).map(owned);
	return { files, count: 2, offset: 0, total: 2, success: true };
};

// As the web client's panel of files goes through a room: ten at a time, newest first.
const panel = async (rest) => {
	const ids = new Set();
	let [offset, total] = [0, 1];
	for (; offset < total; offset += 10) {
		const params = { roomName: 'uploads', offset, count: 10, sort: JSON.stringify({ uploadedAt: -1 }), typeGroup: 'image' };
		const answer = await rest.get('/v1/channels.files', params);
		answer.files.forEach((file) => ids.add(file._id));
		total = answer.total;
	}
	assert.ok(total > 10 && ids.size === total, `${ids.size} of ${total}`);
	console.log(`ok channels.files, ${total} images, ten at a time`);
};

const main = async () => {
	const rest = client();
	await same('im.files by room', rest.get('/v1/im.files', { roomId: 'ByehQjC44FwMeiLbX' }), page('im.files'));
	await same('im.files by user', rest.get('/v1/im.files', { username: 'user' }), page('im.files'));
	await same('dm.files', rest.get('/v1/dm.files', { username: 'user' }), page('im.files'));
	await same('groups.files by id', rest.get('/v1/groups.files', { roomId: 'GENERAL' }), page('groups.files'));
	await same('groups.files by name', rest.get('/v1/groups.files', { roomName: 'general' }), page('groups.files'));
	await same('channels.files', rest.get('/v1/channels.files', { roomId: CHANNEL }), channelPage());
	await same('rooms.images', rest.get('/v1/rooms.images', { roomId: CHANNEL }), page('rooms.images'));
	await panel(rest);

	const unauthorized = { success: false, error: 'unauthorized' };
	await refused('rooms.images of no room', rest.get('/v1/rooms.images', { roomId: 'nowhere' }), 403, unauthorized);
	const invalid = {
		success: false,
		error: "must have required property 'roomId' [invalid-params]",
		errorType: 'invalid-params',
	};
	await refused('rooms.images without a room', rest.get('/v1/rooms.images', {}), 400, invalid);
	const loggedOut = { status: 'error', message: 'You must be logged in to do this.' };
	await refused('a wrong token', client('guess').get('/v1/im.files', { username: 'user' }), 401, loggedOut);
};

main().catch((error) => {
	console.error(error);
	process.exit(1);
});
