/** Chooses where secrets are kept, by the configuration. */
import { join } from "node:path";
import { type Config, ConfigError } from "../config.ts";
import type { Log } from "../core/log.ts";
import type { SecretStore } from "../core/secrets.ts";
import type { Database } from "../store/database.ts";
import { KeyFile } from "./key-file.ts";
import { GivenKeys, type KeyRing, KeyRingError } from "./key-ring.ts";
import { SealedSecrets } from "./sealed-secrets.ts";
import type { VaultToken } from "./vault-client.ts";
import { VaultSecrets } from "./vault-secrets.ts";

/** Throws `ConfigError` where a file of keys is there that cannot be used. */
export function createSecretStore(config: Config, database: Database, log: Log): SecretStore {
	const { VAULT_ADDR: address, VAULT_PATH: path } = config;
	const token = vaultTokenIn(config);
	if (address !== null && token !== null) return new VaultSecrets({ address, token, path, log });
	return new SealedSecrets({ database, keys: keyRingFor(config), log });
}

function vaultTokenIn({ VAULT_TOKEN, VAULT_TOKEN_FILE }: Config): VaultToken | null {
	if (VAULT_TOKEN !== null) return { text: VAULT_TOKEN };
	return VAULT_TOKEN_FILE === null ? null : { file: VAULT_TOKEN_FILE };
}

function keyRingFor({ DATA_DIR, SECRETS_KEY, SECRETS_KEY_FILE }: Config): KeyRing {
	if (SECRETS_KEY !== null) return new GivenKeys(SECRETS_KEY);
	const file = new KeyFile(SECRETS_KEY_FILE ?? join(DATA_DIR, "secrets-key"));
	try {
		file.check();
	} catch (thrown) {
		if (thrown instanceof KeyRingError) throw new ConfigError([`SECRETS_KEY_FILE: ${thrown.message}`]);
		throw thrown;
	}
	return file;
}
