/** Brings what the gateway says of sessions to the tab that it is about. */
import type { SessionInfo } from "../../server/protocol/session.ts";
import type { GatewayConnection } from "./gateway-connection.ts";
import type { SessionTab } from "./session-tab.ts";

export type SessionEvents = {
	find(sessionId: string): SessionTab | undefined;
	/** A session is new, or something about it is. */
	onChanged(session: SessionInfo): void;
	/** One of the user's pages closed it. */
	onClosed(tab: SessionTab): void;
	/** It went with its container. */
	onLost(tab: SessionTab): void;
	/** The gateway does not have an attachment that this page believes in. */
	onUnattached(): void;
};

export function routeSessionEvents({ socket }: GatewayConnection, events: SessionEvents): void {
	const channelOf = (sessionId: string) => events.find(sessionId)?.channel;
	socket.on("session:output", (sessionId, offset, bytes) => channelOf(sessionId)?.onOutput(offset, bytes));
	socket.on("session:input-ack", (sessionId, seq) => channelOf(sessionId)?.onInputAccepted(seq));
	socket.on("session:input-refused", (sessionId, seq, { code }) => channelOf(sessionId)?.onInputRefused(seq, code));
	socket.on("session:changed", (session) => {
		channelOf(session.sessionId)?.onResized({ offset: session.sizedAt, ...session.size });
		events.onChanged(session);
	});
	socket.on("session:detached", (sessionId, reason) => events.find(sessionId)?.onDetached(reason));
	socket.on("session:closed", (sessionId, reason) => {
		const tab = events.find(sessionId);
		if (tab === undefined) return;
		if (reason === "closed") events.onClosed(tab);
		else events.onLost(tab);
	});
	socket.on("berth:error", (_event, { code }) => {
		if (code === "SESSION_NOT_ATTACHED") events.onUnattached();
	});
}
