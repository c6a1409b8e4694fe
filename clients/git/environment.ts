/** What would have git work on another repository than it is told, or write what it sends to a log. */
const NOT_INHERITED =
  /^GIT_(DIR|WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|COMMON_DIR|NAMESPACE|PREFIX|GRAFT_FILE|REPLACE_REF_BASE|SHALLOW_FILE|EXTERNAL_DIFF|EDITOR|SEQUENCE_EDITOR|PAGER|QUARANTINE_PATH|DEFAULT_HASH|TRACE.*|CURL_VERBOSE|REDIRECT_.*|TEST_.*)$/;

/**
 * The environment of every git: in English, and without questions. The person's own credential helper and ssh
 * configuration stay; as git also gets no terminal (it is a session of its own), ssh cannot ask either.
 */
export function gitEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([name]) => !NOT_INHERITED.test(name));
  return {
    ...Object.fromEntries(kept),
    LC_ALL: 'C',
    LANGUAGE: '',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: 'false',
    SSH_ASKPASS: 'false',
    SSH_ASKPASS_REQUIRE: 'never',
    GCM_INTERACTIVE: 'never',
    GIT_LFS_SKIP_SMUDGE: '1',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_ALLOW_PROTOCOL: 'https:http:ssh:git:file',
  };
}

/** No programs of a repository or of a person's habits, no changes of line ends, no work beside what is asked. */
export const GIT_SETTINGS: readonly string[] = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.untrackedCache=false',
  'core.splitIndex=false',
  'core.autocrlf=false',
  'core.eol=lf',
  'protocol.ext.allow=never',
  'gc.auto=0',
  'maintenance.auto=false',
  'fetch.unpackLimit=1',
  'fetch.recurseSubmodules=false',
  'submodule.recurse=false',
  'push.gpgSign=false',
  'push.followTags=false',
  'filter.lfs.clean=',
  'filter.lfs.smudge=',
  'filter.lfs.process=',
  'filter.lfs.required=false',
  'advice.addEmbeddedRepo=false',
  'http.lowSpeedLimit=1000',
  'http.lowSpeedTime=60',
].flatMap(setting => ['-c', setting]);
