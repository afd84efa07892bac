// Imports a peer's package from the folder named by the first argument, where the packages are installed;
// needs node's --experimental-import-meta-resolve.
import { pathToFileURL } from "node:url";

const from = pathToFileURL(`${process.argv[2]}/importer.mjs`).href;

export const load = (name) => import(import.meta.resolve(name, from));
