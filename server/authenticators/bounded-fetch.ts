/** Asks an issuer. Somebody else's server is bounded in what it can make this one wait for and keep. */

/** Discovery documents and key sets are a few KiB; a token with very many groups may be some hundred. */
const ANSWER_BYTES = 1024 * 1024;
export const ISSUER_LIMIT_MS = 5_000;

type Request = { method?: string; headers?: Record<string, string> | Headers; signal?: AbortSignal | undefined };

/**
 * As `fetch`, but follows no redirect, and gives up after `ISSUER_LIMIT_MS` in all and `ANSWER_BYTES`. The answer is
 * whole when it is returned.
 */
export async function boundedFetch(address: string, request: Request & { body?: unknown } = {}): Promise<Response> {
	const limit = AbortSignal.timeout(ISSUER_LIMIT_MS);
	const signal = request.signal ? AbortSignal.any([limit, request.signal]) : limit;
	const body = request.body as RequestInit["body"];
	const { method = "GET", headers = {} } = request;
	const answer = await fetch(address, { method, headers, redirect: "manual", signal, ...(body ? { body } : {}) });
	const bytes = await bytesOf(answer);
	const isEmpty = [101, 204, 205, 304].includes(answer.status);
	return new Response(isEmpty ? null : bytes, { status: answer.status, headers: answer.headers });
}

async function bytesOf(answer: Response): Promise<Uint8Array<ArrayBuffer>> {
	const chunks: Uint8Array[] = [];
	let length = 0;
	for await (const chunk of answer.body ?? []) {
		length += chunk.length;
		if (length > ANSWER_BYTES) throw new TypeError(`the answer has more than ${ANSWER_BYTES} bytes`);
		chunks.push(chunk);
	}
	return new Uint8Array(Buffer.concat(chunks));
}
