import type { ServiceDeploymentSpec } from '../../crds/service-deployment.ts';

/** SQLite behind HTTP: GET /rows has all rows, one a line; GET /rows?add=WORD answers once that row is on the disk. */
const PROGRAM = `
import http.server, os, sqlite3, urllib.parse

rows = sqlite3.connect('/data/rows.db', isolation_level=None)
rows.execute('PRAGMA synchronous=FULL')
rows.execute('CREATE TABLE IF NOT EXISTS rows (word TEXT)')

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        for word in query.get('add', []):
            rows.execute('INSERT INTO rows VALUES (?)', (word,))
        body = ''.join(word + chr(10) for (word,) in rows.execute('SELECT word FROM rows ORDER BY rowid')).encode()
        self.send_response(200)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *ignored):
        pass

http.server.HTTPServer(('', int(os.environ['PORT'])), Handler).serve_forever()
`;

/** As root on a host: makes the image that its argument names out of the host's own Python, and publishes it. */
export const MAKE_DATABASE_IMAGE = `set -e
cat >/database.py <<'PYTHON'
${PROGRAM}PYTHON
python=$(command -v python3) library=$(python3 -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')
needed=$(ldd "$python" "$library"/lib-dynload/_sqlite3.*.so | grep -oE '[[:space:]]/[^ ]+' | sort -u)
tar -ch --exclude=dist-packages --exclude=test /database.py "$python" "$library" $needed 2>/dev/null |
  docker import --change "CMD [\\"$python\\", \\"/database.py\\"]" - "$1" >/dev/null
docker push -q "$1" >/dev/null`;

/** A database that keeps its rows on a volume of the master, as a service. */
export const databaseSpec = (project: string, image: string): ServiceDeploymentSpec => ({
  project,
  environment: 'prod',
  service: 'database',
  type: 'infra',
  image,
  port: 8080,
  stopSeconds: 2,
  volumes: [{ name: 'rows', path: '/data' }],
});
