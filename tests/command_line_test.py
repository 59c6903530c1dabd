"""command_line_test.py: what a person or script may type, and what it says back."""
import json
import socket

from harness import ServerTest, ask, main, run


class CommandLine(ServerTest):
    def test_help_of_every_command_has_examples_and_ends_with_0(self):
        for command in ("init", "serve", "import", "export", "verify", "rebuild", "bench", "doctor",
                        "fhirpath"):
            done = run(command, "--help")
            self.assertEqual(done.returncode, 0, command)
            self.assertIn("Example", done.stdout, command)
            self.assertIn(f"holdfast {command}", done.stdout, command)

    def test_usage_errors_end_with_2_and_say_what(self):
        for arguments in ([], ["nonsense"], ["verify"], ["verify", self.folder / "none"],
                          ["verify", self.folder], ["serve"], ["serve", "--data", self.folder],
                          ["serve", "--data", self.folder, "--queue-max", "many"],
                          ["init", self.folder / "x", "--community", "two words"],
                          ["import", "--server", "ftp://x", self.folder],
                          ["import", "--server", "http://127.0.0.1:1", self.folder / "none.json"],
                          ["bench", "nonsense"]):
            done = run(*arguments)
            self.assertEqual(done.returncode, 2, f"{arguments}: {done.stdout}{done.stderr}")
            self.assertTrue(done.stderr.strip() or done.stdout.strip(), arguments)

    def test_other_machines_are_refused_with_what_to_do(self):
        directory = self.init()
        for address in ("0.0.0.0:0", "[::]:0", "192.0.2.1:0"):
            done = run("serve", "--data", directory, "--http", address)
            self.assertEqual(done.returncode, 2)
            self.assertIn("reverse proxy", done.stderr)

    def test_flag_wins_over_environment_and_that_over_the_file(self):
        directory = self.init()
        file = self.folder / "holdfast.toml"
        file.write_text('log_level = "off"\nbody_bytes_max = "2KiB"\n')
        body = json.dumps({"resourceType": "Patient", "name": [{"family": "x" * 3000}]})
        small = {"HOLDFAST_BODY_BYTES_MAX": "1KiB", "HOLDFAST_HTTP": "0.0.0.0:0"}
        with self.serve(directory, "--config", str(file), env=small) as server:
            self.assertEqual(server.log(), [])
            reply = ask(server.connect(), "POST", "/fhir/Patient", body)
            self.assertEqual(reply.status, 413)
        large = ("--config", str(file), "--body-bytes-max", "1MiB")
        with self.serve(directory, *large, env=small) as server:
            self.assertEqual(ask(server.connect(), "POST", "/fhir/Patient", body).status, 201)

    def test_unknown_key_names_the_nearest(self):
        directory = self.init()
        file = self.folder / "holdfast.toml"
        file.write_text("conections_max = 5\n")
        done = run("serve", "--data", directory, "--config", file)
        self.assertEqual(done.returncode, 2)
        self.assertIn("did you mean 'connections_max'", done.stderr)

    def test_taken_port_is_said(self):
        directory = self.init()
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            done = run("serve", "--data", directory, "--http", f"127.0.0.1:{port}")
        self.assertEqual(done.returncode, 1)
        self.assertIn(str(port), done.stderr)

    def test_log_is_json_lines_whatever_happens(self):
        directory = self.init()
        with self.serve(directory) as server:
            ask(server.connect(), "GET", "/fhir/Patient?x=%22%0a%7b")
        lines = [json.loads(line) for line in server.log()]
        self.assertEqual([line["msg"] for line in lines],
                         ["journal opened", "pathways in force", "ready", "draining", "ended"])
        for line in lines:
            self.assertEqual(list(line)[:3], ["time", "level", "msg"])

    def test_each_workload_prints_one_line_and_checks_its_answers(self):
        sizes = {"journal": 2000, "transaction": 200, "read": 500, "empty": 500, "open": 1000,
                 "bundle5000": 1, "import": 0, "disk": 0, "search": 30, "count": 30, "crud": 20}
        for workload, size in sizes.items():
            more = []
            if workload in ("import", "disk"):
                bundle = self.folder / "bundle.json"
                bundle.write_text(json.dumps({"resourceType": "Bundle", "type": "batch", "entry": [
                    {"resource": {"resourceType": "Patient", "active": True},
                     "request": {"method": "POST", "url": "Patient"}}] * 50}))
                more = ["--data", bundle]
            done = run("bench", workload, "--size", size, "--clients", 4, "--dir", self.folder, *more)
            self.assertEqual(done.returncode, 0, f"{workload}: {done.stderr}")
            line = json.loads(done.stdout)
            self.assertEqual(line["workload"], workload)
            self.assertGreater(line["fdatasync_per_second"], 0)
            leftovers = list(self.folder.glob("holdfast-bench*"))
            self.assertEqual(leftovers, [], workload)

    def test_doctor_tells_what_it_found(self):
        directory = self.init()
        done = run("doctor", directory)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        for word in ("sync", "clock", "open files", "space", "keys"):
            self.assertIn(word, done.stdout)
        (directory / "keys" / "link.secret").chmod(0o644)
        done = run("doctor", directory)
        self.assertEqual(done.returncode, 1)
        self.assertIn("link.secret", done.stdout)


if __name__ == "__main__":
    main()
