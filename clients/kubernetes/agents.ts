import { Agent, ProxyAgent, type Dispatcher } from 'undici';
import type { TlsMaterial } from './credentials.ts';
import type { Connection } from './kubeconfig.ts';

/** Keep-alive connections to one API server. */
export interface AgentPool {
  /** The agent whose connections are made with that material. */
  agentFor(tls: TlsMaterial): Dispatcher;
  /** Resolves when what is under way has ended. */
  close(): Promise<void>;
}

/** A pool of one agent at a time: rotated TLS material gets a new one, and the old one ends when its calls do. */
export function agentPool({ proxy }: Connection, options: Agent.Options): AgentPool {
  let current: { key: string; agent: Dispatcher } | undefined;
  return {
    agentFor(tls) {
      const key = JSON.stringify(tls);
      if (current?.key === key) return current.agent;
      void current?.agent.close();
      current = { key, agent: createAgent(proxy, options, tls) };
      return current.agent;
    },
    async close() {
      const last = current;
      current = undefined;
      await last?.agent.close();
    },
  };
}

function createAgent(proxy: string | undefined, options: Agent.Options, tls: TlsMaterial): Dispatcher {
  // No limit between bytes: calls have one for the whole, watches have a watchdog. HTTP/1.1 only: over HTTP/2, a
  // stream that is cancelled while its connection goes can set Node's own HTTP/2 session spinning until no memory is
  // left (seen with Node 24.21 against a real API server, in nghttp2_session_mem_send).
  const common = { ...options, headersTimeout: 0, bodyTimeout: 0, allowH2: false };
  return proxy === undefined
    ? new Agent({ ...common, connect: tls })
    : new ProxyAgent({ ...common, uri: proxy, requestTls: tls });
}
