// Writes a Postman collection as a folder of Bruno's, as its app does on import: node to-bruno.mjs FILE FOLDER
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { postmanToBruno } = require('@usebruno/converters');
const { stringifyCollection, stringifyRequest } = require('@usebruno/filestore');

const [file, folder] = process.argv.slice(2);
const { collection } = await postmanToBruno(JSON.parse(readFileSync(file, 'utf8')));
const write = (name, content) => writeFileSync(`${folder}/${name}`, content);

mkdirSync(folder, { recursive: true });
write('bruno.json', JSON.stringify({ version: '1', name: collection.name, type: 'collection' }));
write('collection.bru', await stringifyCollection(collection.root, {}, { format: 'bru' }));
for (const [index, item] of collection.items.entries()) {
  write(`${index}.bru`, await stringifyRequest(item, { format: 'bru' }));
}
