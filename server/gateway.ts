/** The composition root: the one place where adapters are made and joined. */
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { Logger } from "pino";
import { createDriver, createPool } from "./composition/containers.ts";
import { createHttpSide } from "./composition/http-side.ts";
import { createServices, type Services } from "./composition/services.ts";
import { type Config, isLoopback, isReachedByHttps } from "./config.ts";
import { configFacts } from "./config-facts.ts";
import type { AuditAction, AuditEvent, AuditLog } from "./core/audit.ts";
import { AuditRetention } from "./core/audit-retention.ts";
import type { RequestFacts } from "./core/authenticator.ts";
import { GuestAdoptions } from "./core/guest-adoptions.ts";
import type { OriginPolicy } from "./core/origin.ts";
import { Places } from "./core/places.ts";
import { readinessOf } from "./core/readiness.ts";
import { secretsForShell } from "./core/secrets.ts";
import { SessionAudit } from "./core/session-audit.ts";
import { type TierPlan, Tiers } from "./core/tiers.ts";
import { healthPaths, TERMINAL_PATH } from "./http/app.ts";
import { createListener, type Listener } from "./http/listener.ts";
import { requestFacts } from "./http/request-facts.ts";
import { clientAddresses } from "./limits/client-address.ts";
import { MemoryRateLimit } from "./limits/memory-rate-limit.ts";
import { limitRequests } from "./limits/request-limit.ts";
import { localAddress } from "./local-address.ts";
import { TerminalSockets } from "./sockets/terminal-sockets.ts";
import { noteGatewayAddress } from "./store/gateway-address.ts";
import { keepOperatorToken } from "./store/operator-token.ts";
import { SqlitePlaces } from "./store/sqlite-places.ts";
import { tierPlanOf } from "./tiers-file.ts";
import { readCertificate } from "./tls-files.ts";

export type Gateway = AsyncDisposable & {
	/** Where the page is, e.g. `http://localhost:3000/container-terminal`. */
	address: string;
	/** Where the first operator is made; null where there is one, or passwords are off. */
	firstOperatorLink: string | null;
	/** Files that are read again while it runs. */
	reloads: Reload[];
};

export type Reload = {
	/** In the plural, for the log: `tiers`. */
	what: string;
	/** Throws `ConfigError`; then all stays as it was. */
	run(): void;
};

/** Starts everything and listens. Containers come up behind it: the page says how far they are. */
export async function startGateway(config: Config, log: Logger): Promise<Gateway> {
	await using resources = new AsyncDisposableStack();
	const readPlan = (): TierPlan => tierPlanOf(config);
	const certificate = readCertificate(config);
	const tiers = new Tiers(readPlan(), (userId) => services.users.find(userId)?.tier ?? null);
	const services: Services = resources.use(
		createServices(config, log, {
			publicUrl: () => config.PUBLIC_URL ?? addressOf(config, server.address()),
			presentSignIns: () => sockets.presentSignIns(),
			onSignInEnded: ({ signInId }, why) => sockets.dropSignIn(signInId, why),
			isTier: (name) => tiers.has(name),
			onTierChanged: (userId) => places.tellLimits(userId),
			onSecretChanged: (userId, change) => sockets.tellSecretChanged(userId, change),
			adoptGuest: (guest, member) => adoptions.adopt(guest, member),
			onDisabled: (userId) => {
				sockets.dropUser(userId, "disabled");
				places.endSessionsOf(userId);
			},
		}),
	);
	const { audit, limitAudit, secrets, tokens, waysIn } = services;
	noteLife(audit, "gateway.started", configFacts(config));
	resources.defer(() => noteLife(audit, "gateway.stopped", {}));
	resources.use(new AuditRetention({ audit, keepMs: config.AUDIT_RETENTION, log }));
	keepOperatorToken(config.DATA_DIR, tokens, log);
	const store = new SqlitePlaces(services.database);
	const driver = createDriver(config, log);
	const originPolicy: OriginPolicy = {
		ownOrigin: config.PUBLIC_URL === null ? null : new URL(config.PUBLIC_URL).origin,
		allowedOrigins: config.ALLOWED_ORIGINS,
		isSecure: isReachedByHttps(config),
		isLoopbackOnly: driver.isolation === "none",
	};
	const sessionAudit = new SessionAudit({
		audit,
		userIdOf: (username) => services.users.findByUsername(username)?.userId ?? null,
	});
	const pool = resources.use(
		createPool(config, driver, store, log, (event, container) => {
			sessionAudit.onUserEvent(event, container.name);
			sockets.publish(event);
		}),
	);
	const addresses = clientAddresses(config.TRUST_PROXY);
	const requestLimit = new MemoryRateLimit(config.REQUESTS_PER_ADDRESS);
	const gate = limitRequests({
		addresses,
		limit: requestLimit,
		healthPaths: healthPaths(config.BASE_PATH),
		onRefused: (error, address) => limitAudit.note(error, { actor: { kind: "nobody" }, address }, "a request"),
	});
	const factsOf = (request: IncomingMessage): RequestFacts => requestFacts(request, addresses);
	const app = createHttpSide(config, {
		...{ services, factsOf, gate, originPolicy, log },
		isEndOfTls: certificate !== null,
		readiness: () => readinessOf(pool.engine, pool.states),
	});
	const connectionsPerAddress = config.CONNECTIONS_PER_ADDRESS;
	const listener = createListener(app, { certificate, addresses, connectionsPerAddress, handshakeLimit: requestLimit });
	const { server } = listener;
	const sockets: TerminalSockets = resources.use(
		new TerminalSockets(server, {
			path: `${config.BASE_PATH}/socket.io/`,
			identify: (request) => waysIn.authentication.identify(factsOf(request)),
			originPolicy,
			isolation: driver.isolation,
			secretsOf: (userId) => secretsForShell(secrets, userId),
			limitsOf: (visitor) => tiers.limitsOf(visitor),
			limits: {
				gate,
				addressOf: addresses.of,
				connectionsPerAddress,
				connectionsPerUser: config.CONNECTIONS_PER_USER,
				userLimit: new MemoryRateLimit(config.REQUESTS_PER_USER),
				limitAudit,
			},
			sessionAudit,
			log,
		}),
	);
	const places = resources.use(
		new Places({
			pool,
			accounts: store,
			assignments: store,
			limitsOf: (visitor) => tiers.limitsOf(visitor),
			usersPerContainer: config.USERS_PER_CONTAINER,
			assignmentTtlMs: config.ASSIGNMENT_TTL,
			present: () => sockets.presentUsers(),
			onFreed: () => sockets.refreshPlaces(),
			log,
		}),
	);
	const adoptions = new GuestAdoptions({
		users: services.users,
		places,
		dropPages: (userId) => sockets.dropUser(userId, "replaced"),
		log,
	});
	resources.use(pool.onChange(() => sockets.refreshPlaces()));
	resources.use(listener);
	sockets.serve(places);
	server.listen(config.PORT, config.HOST);
	await once(server, "listening");
	if (
		config.SIGN_IN.some((method) => method !== "anonymous") &&
		!isReachedByHttps(config) &&
		!isLoopback(config.HOST)
	) {
		log.warn({}, "people sign in without TLS: set TLS_CERT_FILE, or PUBLIC_URL where a proxy ends it");
	}
	log.info({ listening: server.address(), certificateEndsAt: certificate?.endsAt }, "listening");
	resources.use(noteGatewayAddress(config.DATA_DIR, localAddress(config, portOf(server.address()))));
	pool.start();

	const running = resources.move();
	return {
		address: `${config.PUBLIC_URL ?? addressOf(config, server.address())}${TERMINAL_PATH}`,
		firstOperatorLink: waysIn.firstOperatorLink(),
		reloads: [
			{
				what: "tiers",
				run: () => {
					tiers.replace(readPlan());
					places.tellLimits();
				},
			},
			...certificateReload(config, listener, log),
		].map(({ what, run }) => ({
			what,
			run: () => {
				run();
				noteLife(audit, "gateway.reloaded", { what });
			},
		})),
		[Symbol.asyncDispose]: () => running.disposeAsync(),
	};
}

/** Connections that are there go on with the certificate that they began with. */
function certificateReload(config: Config, { replaceCertificate }: Listener, log: Logger): Reload[] {
	if (replaceCertificate === null) return [];
	const run = (): void => {
		const certificate = readCertificate(config);
		if (certificate === null) return;
		replaceCertificate(certificate);
		log.info({ certificateEndsAt: certificate.endsAt }, "new connections get this certificate");
	};
	return [{ what: "certificate and key", run }];
}

function noteLife(audit: AuditLog, action: AuditAction, details: AuditEvent["details"]): void {
	audit.record({ actor: "gateway", address: null, action, subject: null, result: "done", details });
}

function portOf(address: AddressInfo | string | null): number {
	if (address === null || typeof address === "string") throw new Error("the gateway does not listen on TCP");
	return address.port;
}

function addressOf({ BASE_PATH, HOST, TLS_CERT_FILE }: Config, address: AddressInfo | string | null): string {
	const name = isLoopback(HOST) ? "localhost" : HOST.includes(":") ? `[${HOST}]` : HOST;
	return `${TLS_CERT_FILE === null ? "http" : "https"}://${name}:${portOf(address)}${BASE_PATH}`;
}
