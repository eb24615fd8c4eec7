"""Receives sign-in events as OpenTelemetry logs, over gRPC and HTTP, and as arrays of JSON in the way of Azure Monitor's Logs Ingestion API.

Takes {http, grpc, file, control, tls} as its argument. An event is a line of the file before its request is answered. The file `control` has
it answer differently: see testkit/src/receiver/python.rs.
"""

import json
import os
import ssl
import sys
import threading
import time
from concurrent import futures
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2 as messages
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2_grpc as services

settings = json.loads(sys.argv[1])
lock = threading.Lock()
lines = open(settings["file"], "a", encoding="utf-8")
if lines.tell() > 0:
    # What it was killed in the middle of is no line; the next one is.
    lines.write("\n")


def controlled(take):
    """What `take` makes of the control file, which is changed only while nobody else looks."""
    with lock:
        try:
            with open(settings["control"], encoding="utf-8") as file:
                control = json.load(file)
        except FileNotFoundError:
            return None
        taken = take(control)
        with open(settings["control"] + ".next", "w", encoding="utf-8") as file:
            json.dump(control, file)
        os.rename(settings["control"] + ".next", settings["control"])
        return taken


def keep(by, events):
    with lock:
        for event, beside in events:
            lines.write(json.dumps({"by": by, "event": event, "beside": beside}) + "\n")
        lines.flush()


def plain(value):
    """OpenTelemetry's AnyValue as what it stands for."""
    kind = value.WhichOneof("value")
    if kind is None:
        return None
    if kind == "array_value":
        return [plain(item) for item in value.array_value.values]
    if kind == "kvlist_value":
        return {pair.key: plain(pair.value) for pair in value.kvlist_value.values}
    return getattr(value, kind)


def attributes(pairs):
    return {pair.key: plain(pair.value) for pair in pairs}


class Poisoned(Exception):
    pass


def export(by, request):
    """Keeps the records, and answers."""
    events = []
    for resource in request.resource_logs:
        of = attributes(resource.resource.attributes)
        for scope in resource.scope_logs:
            for record in scope.log_records:
                beside = {
                    "resource": of,
                    "attributes": attributes(record.attributes),
                    "severity": record.severity_text,
                    "time": record.time_unix_nano,
                    "event_name": record.event_name,
                }
                events.append((plain(record.body), beside))
    refuse_poison(json.dumps([event for event, _ in events]))
    time.sleep(len(events) * (controlled(lambda control: control.get("pace")) or 0))
    partly = controlled(lambda control: control.pop("partly", None)) or 0
    keep(by, events[: len(events) - partly])
    response = messages.ExportLogsServiceResponse()
    if partly:
        response.partial_success.rejected_log_records = partly
        response.partial_success.error_message = "these few"
    return response


def refuse_poison(text):
    poison = controlled(lambda control: control.get("poison"))
    if poison and poison in text:
        raise Poisoned


class Logs(services.LogsServiceServicer):
    def Export(self, request, context):
        metadata = dict(context.invocation_metadata())
        if settings["tls"] and metadata.get("authorization") != "Bearer opentelemetry":
            context.abort(grpc.StatusCode.UNAUTHENTICATED, "no token")
        try:
            return export("otlp-grpc", request)
        except Poisoned:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "poison")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        path, _, query = self.path.partition("?")
        if path == "/token":
            return self.token(body.decode())
        scripted = controlled(lambda control: control.get("answers") and control["answers"].pop(0))
        if scripted:
            return self.answer(scripted["status"], b"scripted", scripted.get("headers", {}))
        try:
            if path == "/v1/logs":
                request = messages.ExportLogsServiceRequest.FromString(body)
                return self.answer(200, export("otlp-http", request).SerializeToString(), {})
            if path.startswith("/dataCollectionRules/"):
                return self.ingest(query, body)
        except Poisoned:
            return self.answer(400, b"poison", {})
        return self.answer(404, b"", {})

    def token(self, form):
        good = "grant_type=client_credentials&client_id=crossgate&client_secret=it+is+secret&scope=https%3A%2F%2Fmonitor.azure.com%2F.default"
        if form != good:
            return self.answer(401, form.encode(), {})
        grant = {"token_type": "Bearer", "expires_in": 3599, "access_token": "granted"}
        return self.answer(200, json.dumps(grant).encode(), {})

    def ingest(self, query, body):
        if query != "api-version=2023-01-01" or self.headers["content-type"] != "application/json":
            return self.answer(400, b"not as the API has it", {})
        if self.headers["authorization"] != "Bearer granted":
            return self.answer(401, b"no token", {})
        if len(body) > 1 << 20:
            return self.answer(413, b"too large", {})
        refuse_poison(body.decode())
        beside = {"headers": dict(self.headers), "path": self.path}
        keep("http", [(event, beside) for event in json.loads(body)])
        return self.answer(204, b"", {})

    def answer(self, status, body, headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("content-length", str(len(body)))
        self.end_headers()
        if status != 204:
            self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    allow_reuse_address = True
    daemon_threads = True


def serve():
    tls = settings["tls"]
    receiver = grpc.server(futures.ThreadPoolExecutor(max_workers=8))
    services.add_LogsServiceServicer_to_server(Logs(), receiver)
    address = f"127.0.0.1:{settings['grpc']}"
    if tls:
        with open(tls["key"], "rb") as key, open(tls["cert"], "rb") as cert:
            credentials = grpc.ssl_server_credentials([(key.read(), cert.read())])
        receiver.add_secure_port(address, credentials)
    else:
        receiver.add_insecure_port(address)
    receiver.start()
    server = Server(("127.0.0.1", settings["http"]), Handler)
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls["cert"], tls["key"])
        # In each connection's own thread: one that says nothing must not keep others waiting.
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.serve_forever()


serve()
