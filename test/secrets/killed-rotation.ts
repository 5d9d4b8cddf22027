/** Rotates the keys in a folder, and kills itself at the step that is named. */
import { join } from "node:path";
import { KeyFile } from "../../server/secrets/key-file.ts";
import type { KeyRing } from "../../server/secrets/key-ring.ts";
import { SealedSecrets } from "../../server/secrets/sealed-secrets.ts";
import { Database } from "../../server/store/database.ts";
import { RecordingLog } from "../support/recording-log.ts";

const [folder = "", step = ""] = process.argv.slice(2);
const keys = new KeyFile(join(folder, "secrets-key"));
let opened = 0;

function dieAt(here: string): void {
	if (step === here) process.kill(process.pid, "SIGKILL");
}

const dying: KeyRing = {
	current: () => keys.current(),
	find: (keyId) => {
		opened += 1;
		if (opened === 3) dieAt("amid the secrets");
		return keys.find(keyId);
	},
	renew: () => {
		dieAt("before the new key");
		keys.renew();
		dieAt("after the new key");
	},
	retire: (needed) => {
		dieAt("before the old keys go");
		return keys.retire(needed);
	},
};
const database = new Database(join(folder, "berth.sqlite"));
await new SealedSecrets({ database, keys: dying, log: new RecordingLog() }).rotateKeys();
dieAt("after");
