import { once } from 'node:events';
import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';

/** An answer, read to its end. */
export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

/** What to ask; GET by default. */
export interface Question {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

/** Asks 127.0.0.1:`port` for exactly that path: unlike fetch, nothing tidies it up first. */
export async function ask(
  port: number,
  path: string,
  { method, headers, body }: Question = {},
): Promise<Answer> {
  const options = {
    port,
    host: '127.0.0.1',
    path,
    agent: false,
    ...(method && { method }),
    ...(headers && { headers }),
  };
  const asked = request(options).end(body);
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk as string;
  return { status: response.statusCode!, headers: response.headers, body: text };
}
