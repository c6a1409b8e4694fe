import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { aMachine, runOn } from '../../../unit/sandbox/hosts/emulated/machine.ts';

const NAME = 'dropfleet-test-words';

/** What scripts on hosts ask an engine, each with its exit code behind it. */
const SCRIPT = `
run() { "$@" 2>&1; echo "=> $?"; }
cd "$FOLDER"
printf 'FROM scratch\\nCOPY x /x\\nENV A=1\\nLABEL a=b\\nEXPOSE 80\\nCMD ["/x"]\\n' >Dockerfile; echo hi >x
docker build -q -t ${NAME}:1 --label c=d . >/dev/null 2>&1; echo "=> $?"
run docker image inspect --format '{{.RepoTags}} {{json .Config.Labels}} {{json .Config.ExposedPorts}} {{json .Config.Cmd}}' ${NAME}:1
run docker image inspect --format '{{index .Config.Labels "nope"}}|{{index .Config.Labels "a"}}' ${NAME}:1
docker create --name ${NAME} --label l=1 -p 127.0.0.1:18999:80 --restart on-failure:3 --memory 64m --stop-timeout 7 ${NAME}:1 >/dev/null; echo "=> $?"
run docker inspect --format '{{.Name}} {{.State.Status}} {{.State.Running}} {{.State.ExitCode}} {{.RestartCount}} {{.State.StartedAt}}' ${NAME}
run docker inspect --format '{{json .Config.Labels}} {{.Config.StopTimeout}} {{json .HostConfig.PortBindings}} {{json .HostConfig.RestartPolicy}} {{.HostConfig.Memory}}' ${NAME}
run docker inspect --format '{{range $k, $v := .Config.Labels}}{{$k}}={{$v}} {{end}}' ${NAME}
run docker ps -a --format '{{.Names}} {{.State}} {{.Image}} {{.Label "l"}}' --filter name=${NAME}
run docker ps -q --filter label=l=1
run docker create --name ${NAME} ${NAME}:1
run docker stop ${NAME}-none
run docker rm -f ${NAME}-none
run docker logs ${NAME}-none
run docker exec ${NAME} true
run docker kill ${NAME}
run docker wait ${NAME}
run docker rmi ${NAME}:1
run docker rmi ${NAME}-none
run docker rm ${NAME}
docker rmi ${NAME}:1 >/dev/null; echo "=> $?"
`;

/** Without what no two engines share. */
const plain = (text: string): string[] =>
  text.replaceAll(/\b(?:[0-9a-f]{64}|[0-9a-f]{12})\b/g, 'ID').split('\n');

function onDocker(folder: string): Promise<string> {
  const env = { ...process.env, FOLDER: folder };
  return new Promise(resolve => {
    execFile('sh', ['-c', SCRIPT], { env }, (_error, stdout, stderr) => resolve(stdout + stderr));
  });
}

describe('An emulated docker', function () {
  this.timeout(60_000);

  it('says what the real one says', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'dropfleet-words-'));
    try {
      const machine = aMachine();
      await runOn(machine, `apt-get install -y docker-cli docker.io && mkdir -p ${folder}`);
      const emulated = await runOn(machine, `FOLDER=${folder}\n${SCRIPT}`);
      expect(plain(emulated.stdout + emulated.stderr)).to.deep.equal(plain(await onDocker(folder)));
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
