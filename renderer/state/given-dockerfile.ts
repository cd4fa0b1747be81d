/** The text of a Dockerfile that the user provided. */
export interface GivenDockerfile {
  readonly name: string;
  readonly text: string;
}

/** Whether a file is a Dockerfile, by its name: `Dockerfile`, `Dockerfile.dev`, `web.Dockerfile`, `Containerfile`. */
export function isDockerfileName(name: string): boolean {
  return /^(?:docker|container)file(?:\.[^/]{1,100})?$|\.(?:docker|container)file$/i.test(name) && !/\.(?:tar|gz|tgz|zst)$/i.test(name);
}
