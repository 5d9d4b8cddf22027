/** The step by which a guest's files become a user's: only ever taken by the person, who may be another one. */
import { call } from "../shared/api-client.ts";
import { showText } from "../shared/callout.ts";
import { askOnClick } from "../shared/click.ts";
import { confirm } from "../shared/dialog.ts";
import { byId } from "../shared/dom.ts";

const QUESTION = {
	title: "Take the guest’s files?",
	text: "Its shells are closed, with what runs in them. This cannot be undone.",
	yes: "Take the files",
};

export function showGuestFiles(hasGuestFiles: boolean): void {
	const section = byId("guest-files");
	section.hidden = !hasGuestFiles;
	if (!hasGuestFiles) return;
	if (location.hash === "#guest-files") byId("guest-files-title").focus();
	askOnClick(byId("adopt"), byId("adopt-problem"), async () => {
		if (!(await confirm(QUESTION))) return;
		const { folder } = await call("guest.adopt", {});
		section.hidden = true;
		showText(byId("done"), `The guest’s files are yours now. They are in ${folder}.`);
		byId("title").focus();
	});
}
