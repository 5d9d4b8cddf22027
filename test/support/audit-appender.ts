/** Appends to the audit log of a data folder, and says the number of each line once it is written. */
import { join } from "node:path";
import { setImmediate as nextMoment } from "node:timers/promises";
import { Database } from "../../server/store/database.ts";
import { SqliteAudit } from "../../server/store/sqlite-audit.ts";
import { DATABASE_FILE, happening } from "./audit-fixture.ts";
import { RecordingLog } from "./recording-log.ts";

const [dataDir = "", lines = "0"] = process.argv.slice(2);
using database = new Database(join(dataDir, DATABASE_FILE));
using audit = new SqliteAudit(database, dataDir, new RecordingLog());
for (let number = 1; number <= Number(lines); number += 1) {
	audit.record(happening(number, { actor: `process:${process.pid}` }));
	process.stdout.write(`${audit.head()}\n`);
	await nextMoment();
}
