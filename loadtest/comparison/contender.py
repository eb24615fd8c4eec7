"""What a contender is, and how one is started."""
import dataclasses
import pathlib
import shutil

from processes import PROXY_CORE, Process, until
from stage import free_port, reachable


@dataclasses.dataclass
class Target:
    """Where a contender is asked, and how."""
    port: int
    method: str = 'GET'
    path: str = '/'
    body: str = ''


class Contender:
    """A program that takes requests with tokens."""
    name = title = work = ''
    checks = True  # refuses a bad token
    decides = False  # answers a decision, and forwards nothing
    needs = ()  # (program or file, what to install)
    tls = False

    def missing(self):
        """What has to be installed, or nothing."""
        return [package for needed, package in self.needs if not shutil.which(needed) and not pathlib.Path(needed).exists()]

    def unsupported(self, stage):
        """Why it cannot run here although it is installed, or nothing."""
        return None

    def target(self, port):
        return Target(port)

    def command(self, stage, folder, port):
        """Writes what it needs into its folder; answers the command line and variables of its environment."""
        raise NotImplementedError

    def start(self, stage):
        folder, port = stage.own_folder(self.name), free_port()
        command, env = self.command(stage, folder, port)
        process = Process(command, PROXY_CORE, folder / 'log', folder, env)
        try:
            until(lambda: reachable(port), process, self.title)
        except BaseException:
            process.stop()
            raise
        return Running(self, process, self.target(port))


@dataclasses.dataclass
class Running:
    contender: Contender
    process: Process
    target: Target
