import { Agent, request } from 'undici';
import type { AskEcho } from './echo.ts';

const TIMEOUT_MS = 5_000;

/** Asks over IPv4, because droplets have no other public addresses. */
export const askOverHttps: AskEcho = async (url, signal) => {
  const agent = new Agent({ connect: { family: 4 } });
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
    const { statusCode, body } = await request(url, { dispatcher: agent, signal: limit });
    const text = await body.text();
    if (statusCode !== 200) throw new Error(`${url} answered ${statusCode}`);
    return text;
  } finally {
    await agent.destroy();
  }
};
