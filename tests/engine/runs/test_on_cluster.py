"""A run on a cluster gives the bits of a local one, whatever happens to its workers. More stands in tests/cluster."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from dask_house import HAS_DASK, House, Killer
from iikmc.benchmarks.simulation.many import write_many
from iikmc.engine.choices import COARSE_TO_FINE, EACH_SCENE, PERCENTILE_RANGE, PLUS_PLUS, SIGNATURES_FILE
from iikmc.engine.errors import Cancelled, ParameterError, SceneError, SchedulerError
from iikmc.engine.execution import dask_client, dask_links
from iikmc.engine.execution.messages import PROBE, Sight
from iikmc.engine.requests import AuditRequest, ClassifyRequest
from iikmc.engine.runs import at_worker
from iikmc.engine.runs.audit import audit_scenes
from iikmc.engine.runs.classify import classify
from iikmc.engine.runs.cluster import cluster
from stac_house import SECRET, collection, item_of, serving, write
from tiny import Recorder, listing, make_scene, product, read_json, six_band_noise, spoil

pytestmark = [
    pytest.mark.skipif(not HAS_DASK, reason="Dask (distributed) is not here"),
    pytest.mark.skipif(os.name != "posix", reason="signals of POSIX"),
]
LONG = pytest.mark.skipif("IIKMC_CLUSTER" not in os.environ, reason="takes long: make test-cluster runs it")
TESTS = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    house = House(tmp_path_factory.mktemp("dask"))
    house.fill(2)
    yield house
    house.close()


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    """Six scenes of 96 x 80 pixels; one of them has no valid pixel."""
    folder = tmp_path_factory.mktemp("series")
    days = ("20200101", "20200201", "20200301", "20200401", "20200501", "20200601")
    made = [make_scene(folder, product(day=day), six_band_noise(i, 96, 80), tile=16) for i, day in enumerate(days)]
    shutil.rmtree(made[-1])
    return [*made[:-1], make_scene(folder, product(day=days[-1]), np.zeros((6, 96, 80)), tile=16)]


OPTIONS = {"k": 5, "tolerance": 0.0, "max_iterations": 7}


@pytest.fixture(scope="module")
def local(series, tmp_path_factory):
    """The same series clustered on this computer."""
    from iikmc.engine.requests import Request
    from iikmc.engine.scenes.selection import MaskRule

    request = Request(tuple(map(str, series)), tmp_path_factory.mktemp("local"), mask=MaskRule((), True), **OPTIONS)
    return cluster(request)


def assert_same(one, other):
    """Compare two runs of one series, to the last bit of every file but for times and the paths of the runs."""
    assert np.array_equal(one.fit.centres, other.fit.centres)
    for mine, its in zip(one.fit.iterations, other.fit.iterations):
        assert (mine.changed, mine.largest_move_dn) == (its.changed, its.largest_move_dn)
    assert len(one.fit.iterations) == len(other.fit.iterations)
    mine, its = listing(one.output), listing(other.output)
    assert list(mine) == list(its)
    for name in mine:
        if name not in ("signatures.json", "report.html"):
            assert mine[name] == its[name], name
    mine, its = read_json(one.signatures), read_json(other.signatures)
    assert {**mine, "run": None} == {**its, "run": None}
    for key in ("scenes", "pixels", "converged"):
        assert mine["run"][key] == its["run"][key]


def test_a_cluster_gives_the_bits_of_one_computer(house, series, local, request_of):
    house.fill(2)
    progress = Recorder()
    assert_same(cluster(request_of(*series, **OPTIONS, workers=2, scheduler=house.address), progress), local)
    told = "\n".join(progress.stages)
    assert f"Connecting to the scheduler {house.address}" in told
    assert "of 6 scenes, 2 workers" in told
    assert "Iteration 3:" in told
    assert "; 2 workers, " in told
    assert any(note.endswith("with 4 threads in all") for note in progress.notes)
    assert progress.fractions == sorted(progress.fractions)
    assert house.held() == 0


@pytest.mark.parametrize("phase", ["Reading and masking", "Iteration 2:", "Writing"])
def test_a_worker_killed_in_any_phase_costs_time_alone(house, series, local, request_of, phase):
    first, _ = house.fill(2)
    killer = Killer(house, first, phase)
    assert_same(cluster(request_of(*series, **OPTIONS, scheduler=house.address), killer), local)
    assert killer.killed
    assert [text for text in killer.warnings if "was lost" in text]


@LONG
def test_killed_while_it_reads_again_what_another_had(house, series, local, request_of):
    """Both first workers are lost, one after the other, and a third one joins on the way."""
    first, second = house.fill(2)
    house.worker()
    time.sleep(0.2)

    class Both(Killer):
        def stage(self, text):
            if text.startswith("Iteration 4:"):
                house.kill(second)
            super().stage(text)

    killer = Both(house, first, "Iteration 2:")
    assert_same(cluster(request_of(*series, **OPTIONS, scheduler=house.address), killer), local)
    assert killer.killed
    assert len([text for text in killer.warnings if "was lost" in text]) == 2


def test_classify_and_audit_too_with_a_worker_killed(house, series, local, tmp_path, request_of):
    rule = request_of().mask
    scenes = tuple(map(str, series))
    here = classify(ClassifyRequest(scenes, tmp_path / "here", rule, signatures=local.signatures))
    first, _ = house.fill(2)
    killer = Killer(house, first, "Classifying")
    there = classify(
        ClassifyRequest(scenes, tmp_path / "there", rule, signatures=local.signatures, scheduler=house.address), killer
    )
    assert killer.killed
    for mine, its in zip(here.rasters, there.rasters):
        assert mine.read_bytes() == its.read_bytes()
    assert here.statistics.read_bytes() == there.statistics.read_bytes()
    first, _ = house.fill(2)
    killer = Killer(house, first, "Auditing")
    mine = audit_scenes(AuditRequest(scenes, tmp_path / "mine", rule))
    its = audit_scenes(AuditRequest(scenes, tmp_path / "its", rule, scheduler=house.address), killer)
    assert killer.killed
    assert mine.table.read_bytes() == its.table.read_bytes()


def test_margins_and_rejection_are_the_same_with_a_worker_killed_while_it_writes(
    house, series, local, tmp_path, request_of
):
    asked = {"margin": True, "reject": 0.2}
    here = cluster(request_of(*series, **OPTIONS, **asked, out="here"))
    first, _ = house.fill(2)
    killer = Killer(house, first, "Writing")
    there = cluster(request_of(*series, **OPTIONS, **asked, out="there", scheduler=house.address), killer)
    assert killer.killed
    assert 0 < here.unclassified < here.pixels
    assert here.unclassified == there.unclassified
    assert_same(there, here)
    rule, scenes = request_of().mask, tuple(map(str, series))
    first, _ = house.fill(2)
    killer = Killer(house, first, "Classifying")
    given = {"signatures": local.signatures, **asked}
    here = classify(ClassifyRequest(scenes, tmp_path / "here-2", rule, **given))
    there = classify(ClassifyRequest(scenes, tmp_path / "there-2", rule, **given, scheduler=house.address), killer)
    assert killer.killed
    assert_same(there, here)


@pytest.mark.parametrize("phase", ["Reading and masking", "Iteration 2:", "Writing"])
def test_a_cancel_is_answered_at_once_and_frees_the_workers(house, series, tmp_path, request_of, phase):
    first, _ = house.fill(2)
    before = {}

    class Stopped(Killer):
        """A worker stands still, so that there is always something under way; it goes on after the cancel."""

        def cancelled(self):
            if self._left > 0:
                self._left -= 1
                if not self._left:
                    before["at"] = time.monotonic()
                    return True
            return "at" in before

    with pytest.raises(Cancelled) as told:
        cluster(request_of(*series, **OPTIONS, scheduler=house.address), Stopped(house, first, phase))
    assert time.monotonic() - before["at"] < 2.0
    first.send_signal(18)  # SIGCONT
    left = {path.name for path in (tmp_path / "out").iterdir()} if (tmp_path / "out").exists() else set()
    assert left <= {"signatures_unfinished.json"}
    assert bool(left) == ("so far are in" in str(told.value)) == (phase != "Reading and masking")
    deadline = time.monotonic() + 10
    while house.held() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert house.held() == 0


def test_stopped_on_the_cluster_and_continued_here_and_the_other_way_round(house, series, local, request_of):
    house.fill(2)
    for stopped, continued in ((house.address, ""), ("", house.address)):
        out = f"out-{bool(stopped)}"
        progress = Recorder(lambda progress: any(stage.startswith("Iteration 3:") for stage in progress.stages))
        with pytest.raises(Cancelled):
            cluster(request_of(*series, **OPTIONS, out=out, scheduler=stopped), progress)
        path = request_of(out=out).output / "signatures_unfinished.json"
        done = len(read_json(path)["run"]["iterations"])
        assert done == 3
        options = {**OPTIONS, "max_iterations": OPTIONS["max_iterations"] - done + 1}
        result = cluster(
            request_of(*series, **options, out=out, start=SIGNATURES_FILE, signatures=path, scheduler=continued)
        )
        assert np.array_equal(result.fit.centres, local.fit.centres)
        for mine, its in zip(result.rasters, local.rasters):
            assert mine.read_bytes() == its.read_bytes()


@LONG
def test_a_client_that_is_killed_leaves_the_workers_free_and_can_be_continued(
    house, series, local, tmp_path, request_of
):
    house.fill(2)
    code = (
        "import os, signal, sys; sys.path.insert(0, sys.argv[1]); import conftest\n"
        "from pathlib import Path\n"
        "from iikmc.engine import Request, MaskRule, Silent, cluster\n"
        "class Killer(Silent):\n"
        "    def stage(self, text):\n"
        "        if text.startswith('Iteration 5:'): os.kill(os.getpid(), signal.SIGKILL)\n"
        "cluster(Request(tuple(sys.argv[4:]), Path(sys.argv[2]), mask=MaskRule((), True), k=5, tolerance=0.0,\n"
        "                scheduler=sys.argv[3]), Killer())\n"
    )
    out = tmp_path / "out"
    done = subprocess.run(
        [sys.executable, "-c", code, str(TESTS), str(out), house.address, *map(str, series)],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == -9, done.stderr
    deadline = time.monotonic() + 10
    while house.held() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert house.held() == 0
    path = out / "signatures_unfinished.json"
    assert len(read_json(path)["run"]["iterations"]) == 4
    options = {**OPTIONS, "max_iterations": OPTIONS["max_iterations"] - 4 + 1}
    result = cluster(request_of(*series, **options, start=SIGNATURES_FILE, signatures=path, scheduler=house.address))
    assert np.array_equal(result.fit.centres, local.fit.centres)
    assert [path.read_bytes() for path in result.rasters] == [path.read_bytes() for path in local.rasters]


@pytest.mark.parametrize("start", [PERCENTILE_RANGE, PLUS_PLUS, COARSE_TO_FINE])
def test_every_start_and_the_comparison(house, series, request_of, start):
    house.fill(2)
    options = {**OPTIONS, "max_iterations": 3, "start": start, "compare": start == PLUS_PLUS}
    here = cluster(request_of(*series[:3], **options, out="here"))
    there = cluster(request_of(*series[:3], **options, out="there", scheduler=house.address), strip_pixels=1)
    assert_same(there, here)


@LONG
def test_scenes_on_a_server_are_read_by_the_workers_themselves(house, series, local, request_of, tmp_path):
    with serving(series[0].parent) as server:
        items = collection(*(item_of(path, server.address, SECRET) for path in series))
        there = cluster(request_of(write(tmp_path / "items.json", items), scheduler=house.address, **OPTIONS))
        asked = {path for path, part in server.asked if part}
    assert np.array_equal(there.fit.centres, local.fit.centres)
    here, its = listing(local.output), listing(there.output)
    assert all(here[name] == its[name] for name in here if name.endswith(".tif"))
    # The pixels of all bands went that way, with the secret that the addresses have; nothing tells it again.
    assert len(asked) == 7 * len(series)
    assert all(SECRET in path for path in asked)
    assert not any(b"TOPSECRET" in data for data in its.values())
    assert "TOPSECRET" not in house.logs()


@LONG
def test_four_sensors_and_two_zones_on_a_cluster(house, request_of, tmp_path):
    write_many(tmp_path / "many", 8, 60)
    here = cluster(request_of(tmp_path / "many", out="here", **OPTIONS))
    there = cluster(request_of(tmp_path / "many", out="there", scheduler=house.address, **OPTIONS))
    assert len({scene.product.family for scene in here.scenes}) == 4
    assert_same(here, there)


def test_little_travels(house, series, request_of, monkeypatch):
    house.fill(2)
    sizes = []
    call, result = dask_client.Cluster.call, dask_client.Cluster.result
    monkeypatch.setattr(dask_client.Cluster, "call", lambda self, *a: (sizes.append(len(a[2])), call(self, *a))[1])

    def weighed(self, future):
        found = result(self, future)
        sizes.append(len(found) if isinstance(found, bytes) else 0)
        return found

    monkeypatch.setattr(dask_client.Cluster, "result", weighed)
    marks = []

    class Marks(Recorder):
        def stage(self, text):
            super().stage(text)
            if text.startswith("Iteration"):
                marks.append(sum(sizes))

    options = {**OPTIONS, "k": 254, "max_iterations": 3}
    cluster(request_of(*series[:4], **options, scheduler=house.address), Marks(), strip_pixels=1)
    # Six strips a scene and the centres of 254 classes, of which few scenes share the answer.
    assert max(np.diff(marks)) <= 10_000 * 4


def test_a_damaged_scene_is_told_with_the_worker(house, tmp_path, request_of):
    house.fill(2)
    good = make_scene(tmp_path / "in", product(day="20200101"), six_band_noise(1, 96, 80), tile=16)
    bad = make_scene(tmp_path / "in", product(day="20200201"), six_band_noise(2, 96, 80), tile=16)
    spoil(next(bad.glob("*_B4.TIF")))
    before = listing(tmp_path)
    with pytest.raises(SceneError) as told:
        cluster(request_of(good, bad, scheduler=house.address))
    assert bad.name in str(told.value)
    assert str(told.value).endswith(").")
    assert "(worker tcp://127.0.0.1:" in str(told.value)
    assert listing(tmp_path) == before


# --- clusters that cannot be used ------------------------------------------------------------------------------------


def test_a_scheduler_that_is_not_there(tmp_path, series, request_of, monkeypatch):
    monkeypatch.setattr(dask_client, "_CONNECT_SECONDS", 1)
    for address in ("tcp://127.0.0.1:1", "nonsense::", "tcp://127.0.0.1"):
        with pytest.raises(
            SchedulerError, match=r"^SCHEDULER: .* cannot be used \(.*; give the address that the sched"
        ):
            cluster(request_of(*series, scheduler=address))
    assert not (tmp_path / "out").exists()


def test_a_scheduler_that_dies_and_one_without_workers(tmp_path, series, request_of, monkeypatch):
    monkeypatch.setattr(dask_links, "_WAIT_SECONDS", 0.5)
    folder = tmp_path / "dask"
    folder.mkdir()
    house = House(folder)
    with contextlib.closing(house):
        with pytest.raises(SchedulerError, match=r"^SCHEDULER: tcp://.* has no workers; start some"):
            cluster(request_of(*series, scheduler=house.address))
        house.fill(1)

        class Dies(Recorder):
            def stage(self, text):
                super().stage(text)
                if text.startswith("Iteration 2:"):
                    house.kill(house.scheduler)

        progress = Dies()
        with pytest.raises(SchedulerError, match=r"^SCHEDULER: the connection to tcp://.* was lost"):
            cluster(request_of(*series, **OPTIONS, scheduler=house.address), progress)
        assert [path.name for path in (tmp_path / "out").iterdir()] == ["signatures_unfinished.json"]
        assert progress.warnings[-1].startswith("The signatures so far are in")


def test_a_worker_without_rasterio_is_named(tmp_path, series, request_of):
    folder = tmp_path / "dask"
    (folder / "lacking").mkdir(parents=True)
    (folder / "lacking" / "rasterio.py").write_text("raise ImportError('none here')")
    house = House(folder)
    with contextlib.closing(house):
        path = os.pathsep.join([str(folder / "lacking"), os.environ.get("PYTHONPATH", "")])
        house.worker(env={"PYTHONPATH": path})
        with pytest.raises(SchedulerError) as told:
            cluster(request_of(*series, scheduler=house.address))
    assert str(told.value).startswith("SCHEDULER: the worker tcp://127.0.0.1:")
    assert "cannot load rasterio (none here); install it there." in str(told.value)
    assert not (tmp_path / "out").exists()


def test_what_a_worker_does_not_see(tmp_path):
    folder = tmp_path / "out" / ".iikmc-run-x" / "workers"
    with pytest.raises(SchedulerError, match=r"^cannot read .*/scenes \(No such file or directory\); put the scenes"):
        at_worker.look(Sight((str(tmp_path / "scenes"),), None, ""), "tcp://a:1")
    with pytest.raises(SchedulerError, match=r"^cannot use .*/out \(No such file or directory\); choose a folder"):
        at_worker.look(Sight((), folder, "token"), "tcp://a:1")
    folder.mkdir(parents=True)
    (folder / PROBE).write_text("another")
    with pytest.raises(SchedulerError, match=r"^sees another folder as .*/out; choose a folder"):
        at_worker.look(Sight((), folder, "token"), "tcp://a:1")
    (folder / PROBE).write_text("token")
    at_worker.look(Sight((str(tmp_path),), folder, "token"), "tcp://a:1")
    assert (folder / "seen-by-tcp---a-1").read_text() == "token"


def test_versions_that_do_not_fit_are_told_with_the_worker():
    def record(version):
        return {"packages": {"distributed": version}}

    def versions(worker, scheduler="2026.8.0"):
        return {
            "client": record("2026.8.0"),
            "scheduler": record(scheduler),
            "workers": {"tcp://a:1": record("2026.8.1"), "tcp://b:2": record(worker)},
        }

    dask_client._check_versions("tcp://s:8786", versions("2026.8.5"))
    with pytest.raises(SchedulerError, match=r"^SCHEDULER: the worker tcp://b:2 has distributed 2024.1.0, and QGIS's"):
        dask_client._check_versions("tcp://s:8786", versions("2024.1.0"))
    with pytest.raises(SchedulerError, match=r"^SCHEDULER: the scheduler tcp://s:8786 has distributed 2024.1.0"):
        dask_client._check_versions("tcp://s:8786", versions("2026.8.0", "2024.1.0"))


def test_what_cannot_be_asked_is_refused_before_anything_is_read(series, request_of, monkeypatch):
    with pytest.raises(ParameterError, match=r"^SCHEDULER is 3, expected a text"):
        cluster(request_of(*series, scheduler=3))
    with pytest.raises(ParameterError, match=r"^SCHEDULER is 'tcp://a:1', and MODE asks for classes of each scene"):
        request_of(*series, scheduler="tcp://a:1", mode=EACH_SCENE).check()
    monkeypatch.setattr("iikmc.engine.request_checks.find_spec", lambda _: None)
    with pytest.raises(ParameterError, match=r"Dask\) is not installed; install distributed for the Python of QGIS"):
        request_of(*series, scheduler="tcp://a:1").check()
