// Runs `docker-credential-NAME get`, which reads the server from standard input and prints `{ServerURL,Username,Secret}`. Source:
// docker-credential-helpers, README and credentials/error.go.
import { spawn } from 'node:child_process';
import { findProgram } from '#files';
import { asObject, asText, parseJson } from '#format/image';
import { displayText, LayerscopeError } from '#model';

/** The user name that marks an identity token. */
const TOKEN_USER = '<token>';
const NAME = /^[A-Za-z0-9._-]+$/;
const HELPER_MS = 30_000;
const MAX_OUTPUT = 1024 * 1024;
const NOT_FOUND = /credentials not found/i;

/** A user and a password, or an identity token. Never printed. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
  /** The identity token; null if there is a password instead. */
  readonly identityToken: string | null;
}

export interface HelperOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly timeoutMs?: number;
}

/**
 * Queries a helper; null if it has no credentials for the server. Throws UNAUTHORIZED if there is no such helper or it fails; CANCELLED.
 */
export async function askHelper(
  name: string,
  server: string,
  signal: AbortSignal | undefined,
  { env = process.env, timeoutMs = HELPER_MS }: HelperOptions = {},
): Promise<Credentials | null> {
  const shown = `docker-credential-${displayText(name.slice(0, 60))}`;
  if (!NAME.test(name)) throw new LayerscopeError('UNAUTHORIZED', `${shown}: not the name of a credential helper`);
  const program = findProgram(`docker-credential-${name}`, env);
  if (program === null) throw new LayerscopeError('UNAUTHORIZED', `${shown}: no such program on the PATH`);
  const { code, output } = await run(program, server, { env, timeoutMs, signal, shown });
  if (NOT_FOUND.test(output.slice(0, 1000))) return null;
  // A helper's output may be a secret, so no error quotes it.
  if (code !== 0) throw new LayerscopeError('UNAUTHORIZED', `${shown}: failed (exit code ${String(code)})`);
  let value: ReturnType<typeof asObject>;
  try {
    value = asObject(parseJson(Buffer.from(output), 'it'));
  } catch {
    value = null;
  }
  const secret = asText(value?.Secret);
  if (secret === null) throw new LayerscopeError('UNAUTHORIZED', `${shown}: its output has no secret`);
  return helperCredentials(asText(value?.Username) ?? '', secret);
}

function helperCredentials(username: string, secret: string): Credentials {
  if (username === TOKEN_USER) return { username: '', password: '', identityToken: secret };
  return { username, password: secret, identityToken: null };
}

interface RunOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly shown: string;
}

function run(program: string, input: string, options: RunOptions): Promise<{ code: number | null; output: string }> {
  const { env, timeoutMs, signal, shown } = options;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(new LayerscopeError('CANCELLED', 'cancelled'));
      return;
    }
    const child = spawn(program, ['get'], { env, stdio: ['pipe', 'pipe', 'ignore'], windowsHide: true });
    let output = '';
    let failure: LayerscopeError | null = null;
    const fail = (error: LayerscopeError): void => {
      failure ??= error;
      child.kill('SIGKILL');
      // Closes the output, which a grandchild process may keep open.
      child.stdout.destroy();
    };
    const stop = (): void => fail(new LayerscopeError('CANCELLED', 'cancelled'));
    const timer = setTimeout(
      () => fail(new LayerscopeError('UNAUTHORIZED', `${shown}: no answer within ${timeoutMs / 1000} s`)),
      timeoutMs,
    );
    signal?.addEventListener('abort', stop, { once: true });
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (output.length > MAX_OUTPUT) fail(new LayerscopeError('UNAUTHORIZED', `${shown}: its output is too long`));
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(`${input}\n`);
    const settle = (code: number | null, error: Error | null): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
      if (failure !== null) reject(failure);
      else if (error !== null) reject(new LayerscopeError('UNAUTHORIZED', `${shown}: cannot be started`, { cause: error }));
      else resolve({ code, output });
    };
    child.on('error', (error) => settle(null, error));
    child.on('close', (code) => settle(code, null));
  });
}
