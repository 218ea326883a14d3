"""State that a cost may touch, in the style of course notebooks: a table that tests run over."""

from __future__ import annotations

# name: (what the notebook has, a line of the cost, what is to be as before)
STATES = {
    # names
    "a name without global": ("", "globals()['Z'] = 3", "'Z' in globals()"),
    "a name counted so": ("Q = 5", "globals()['Q'] = globals()['Q'] + 1", "Q"),
    "names spelled by number": (
        "V1 = np.ones(2); V2 = np.ones(2)",
        "for k in (1, 2): globals()[f'V{k}'] += 1; globals()[f'V{k}'][0] = 7",
        "V1.tolist(), V2.tolist()",
    ),
    "exec": ("", "exec('Z2 = 3', globals())", "'Z2' in globals()"),
    "by the shell": ("", "get_ipython().user_ns['Z3'] = 1", "'Z3' in globals()"),
    "a cell of a closure": (
        "def make():\n    def put(): nonlocal late; late = 1\n    def get(): return late\n"
        "    if 0: late = 0\n    return put, get\nput, get = make()",
        "put()",
        "get.__closure__[0] == __import__('types').CellType()",
    ),
    "a new name in a module": (
        "import types\nmodule = types.ModuleType('config')",
        "module.late = 2",
        "vars(module).get('late')",
    ),
    "a new attribute of a class": ("class Kept: pass", "Kept.count = 1", "hasattr(Kept, 'count')"),
    # the process
    "the working directory": ("import os", "os.chdir('/')", "os.getcwd()"),
    "the environment": (
        "import os",
        "os.environ['GC1'] = '1'; os.environ.pop('PATH', None)",
        "sorted(os.environ.items())",
    ),
    "the path of imports": ("import sys", "sys.path.append('x')", "list(sys.path)"),
    "the recursion limit": ("import sys", "sys.setrecursionlimit(5000)", "sys.getrecursionlimit()"),
    "the garbage collector": ("import gc", "gc.disable()", "gc.isenabled()"),
    "the decimal context": (
        "import decimal",
        "decimal.getcontext().prec = 5; decimal.Decimal(1) / 3",
        "str(decimal.getcontext())",
    ),
    "another decimal context": (
        "import decimal",
        "decimal.setcontext(decimal.Context(7))",
        "id(decimal.getcontext())",
    ),
    "rcParams": (
        "import matplotlib as mpl",
        "mpl.rcParams['lines.linewidth'] = 7; mpl.rcParams['figure.figsize'] = (1, 1)",
        "mpl.rcParams['lines.linewidth'], mpl.rcParams['figure.figsize']",
    ),
    "what pyplot sets": (
        "import matplotlib.pyplot as plt",
        "plt.rc('axes', grid=True)",
        "str(sorted(plt.rcParams.items(), key=str))",
    ),
    "NumPy's errors": (
        "",
        "np.seterr(all='raise'); np.seterrcall(print)",
        "np.geterr(), np.geterrcall()",
    ),
    "print options": ("", "np.set_printoptions(precision=2)", "str(np.get_printoptions())"),
    "legacy generators": (
        "import random",
        "random.seed(1); np.random.seed(1)",
        "random.getstate(), str(np.random.get_state())",
    ),
    "where print goes": ("import sys, io", "sys.stdout = io.StringIO()", "id(sys.stdout)"),
    "the root of all loggers": (
        "import logging",
        "logging.root.addHandler(logging.NullHandler()); logging.root.setLevel(1)",
        "list(logging.root.handlers), logging.root.level",
    ),
    "a logger": (
        "import logging\nlogger = logging.getLogger('gc1')",
        "logger.setLevel(10); logger.addHandler(logging.NullHandler())",
        "logger.level, list(logger.handlers), logger.isEnabledFor(10)",
    ),
    "all loggers": ("import logging", "logging.disable(50)", "logging.root.manager.disable"),
    # containers of the standard library
    "an OrderedDict as a cache": (
        "import collections\nlast = collections.OrderedDict(a=1, b=2, c=3)",
        "last.setdefault('a', 1); last.move_to_end('a'); last['d'] = 1; last.popitem(last=False)",
        "list(last.items()), list(reversed(last))",
    ),
    "an OrderedDict in another order": (
        "import collections\norder = collections.OrderedDict(a=1, b=2)",
        "order.move_to_end('a')",
        "list(order), list(reversed(order)), len(order)",
    ),
    "a Counter and a defaultdict": (
        "import collections\nseen = collections.Counter('aab'); by = collections.defaultdict(list)",
        "seen.update('b'); by['x'].append(1)",
        "dict(seen), dict(by)",
    ),
    "a UserDict, a ChainMap": (
        "import collections\nown = collections.UserDict(a=1); chain = collections.ChainMap({}, {})",
        "own['b'] = 2; chain['c'] = 1",
        "dict(own), dict(chain)",
    ),
    "a queue": ("import queue\nwork = queue.Queue()", "work.put(1)", "list(work.queue)"),
    "a bytearray that others look at": (
        "raw = bytearray(16); over = np.frombuffer(raw); shown = memoryview(raw)",
        "over[0] = 3; raw[9] = 1; shown[15] = 7",
        "bytes(raw)",
    ),
    "a bytearray that grows": ("text = bytearray(b'ab')", "text.extend(b'c')", "bytes(text)"),
    "memory by itself": ("look = memoryview(bytearray(2))", "look[0] = 1", "bytes(look)"),
    "an array of the module array": (
        "import array\nnumbers = array.array('d', [1, 2])",
        "numbers[0] = 9; numbers.append(3)",
        "list(numbers)",
    ),
    "text in memory": (
        "import io\nlog = io.StringIO('abc')",
        "log.write('xy')",
        "log.getvalue(), log.tell()",
    ),
    "a file that is appended to": (
        "out = open(folder + '/out', 'w+'); out.write('abc')",
        "out.write('more'); out.flush()",
        "out.tell(), __import__('os').fstat(out.fileno()).st_size",
    ),
    "a file behind a csv.writer": (
        "import csv\ntable_of = open(folder + '/csv', 'w'); rows = csv.writer(table_of)",
        "rows.writerow([1, 2])",
        "table_of.tell()",
    ),
    "a file that is read": (
        "file = open(folder + '/file', 'w+'); file.write('abc'); file.seek(0)",
        "file.read(1)",
        "file.tell()",
    ),
    "a frozen dataclass": (
        "import dataclasses\n@dataclasses.dataclass(frozen=True, slots=True)\nclass Frozen:\n"
        "    t: int = 0\nfrozen = Frozen()",
        "object.__setattr__(frozen, 't', frozen.t + 1)",
        "frozen.t",
    ),
    "an object behind a weak reference": (
        "import weakref\nclass Node: pass\nnodes = [Node()]; weak = weakref.ref(nodes[0])",
        "weak().value = 1",
        "vars(nodes[0])",
    ),
    "a table of weak references": (
        "import weakref\nclass Leaf: pass\nleaf = Leaf(); table = weakref.WeakKeyDictionary()",
        "table[leaf] = 1",
        "len(table)",
    ),
    "what a thread has of its own": (
        "import threading\nlocal = threading.local(); local.n = 0",
        "local.n += 1; local.m = 1",
        "vars(local)",
    ),
    "a context variable": (
        "import contextvars\nvariable = contextvars.ContextVar('v'); variable.set(1)",
        "variable.set(variable.get() + 1)",
        "variable.get()",
    ),
    # functions behind others
    "behind lru_cache": (
        "import functools\n@functools.lru_cache(8)\ndef eye(n): return np.eye(n)\neye(2)",
        "eye(2)[0, 0] += 1",
        "eye(2).tolist()",
    ),
    "behind cache": (
        "import functools\n@functools.cache\ndef ones(n): return np.ones(n)\nones(2)",
        "ones(2)[0] += 1",
        "ones(2).tolist()",
    ),
    "what a cached function counts": (
        "import functools\nmade = []\n@functools.lru_cache\ndef five(n): made.append(n); return 5",
        "five(2)",
        "made",
    ),
    "behind vectorize": (
        "calls = []\n@np.vectorize\ndef act(x): calls.append(x); return x",
        "act(np.ones(2))",
        "calls",
    ),
    "behind contextmanager": (
        "import contextlib\nopened = []\n@contextlib.contextmanager\ndef scope():\n"
        "    opened.append(1); yield",
        "with scope(): pass",
        "opened",
    ),
    "behind partialmethod": (
        "import functools\nnoted = []\nclass Noting:\n    def f(self, k): noted.append(k)\n"
        "    g = functools.partialmethod(f, 1)\nnoting = Noting()",
        "noting.g()",
        "noted",
    ),
    # arrays and tables
    "a mask": (
        "masked = np.ma.array([1.0, 2, 3], mask=[0, 1, 0]); bare = np.ma.array([1.0, 2.0])",
        "masked[0] = np.ma.masked; masked[1] = 5; bare[0] = np.ma.masked",
        "masked.tolist(), masked.data.tolist(), bare.tolist()",
    ),
    "a locked array": (
        "locked = np.ones(2); locked.flags.writeable = False",
        "locked.flags.writeable = True; locked[0] = 5",
        "locked.tolist(), locked.flags.writeable",
    ),
    "a memmap": (
        "disk = np.memmap(folder + '/disk', float, 'w+', shape=2)",
        "disk[0] += 1",
        "disk.tolist()",
    ),
    "a sparse matrix": (
        "import scipy.sparse\nsparse = scipy.sparse.csr_matrix(np.eye(2))",
        "sparse.data *= 2",
        "sparse.toarray().tolist()",
    ),
    "a frame": (
        "import pandas as pd\nframe = pd.DataFrame({'a': [1.0, 2.0], 'b': [3.0, 4.0]})",
        "frame['z'] = 1.0; frame.attrs['k'] = 1; frame.loc[0, 'a'] = 9; frame.pop('z')",
        "frame.to_dict(), frame.attrs",
    ),
    "a series": (
        "import pandas as pd\nseries = pd.Series([1.0, 2.0], index=['p', 'q'], name='s')",
        "series['p'] = 5; series['r'] = 3; series.name = 't'",
        "series.to_dict(), series.name",
    ),
    # what is drawn
    "colours, artists and axes of a figure": (
        "from matplotlib.figure import Figure\n"
        "fig = Figure()\nax = fig.subplots(); ax.plot([1, 2])",
        "ax.plot([5]); fig.add_subplot(2, 2, 1); fig.text(0, 0, 'x'); fig.suptitle('t')",
        "len(ax.lines), fig.axes, len(fig.texts), fig.gca() is ax, fig.get_suptitle(), "
        "ax._get_lines._prop_cycle._idx, ax.dataLim.get_points().tolist()",
    ),
    "a bar that is advanced": (
        "import io, tqdm\nbar = tqdm.tqdm(total=9, file=io.StringIO())",
        "bar.update(1)",
        "bar.n",
    ),
}
# of these the notebook is told that nothing puts them back: name: (has, line, the words)
LEFT = {
    "a generator": ("drawn = (k for k in range(99_999))", "next(drawn)", "drawn is a generator"),
    "a generator with a loop": (
        "def draws():\n    k = 0\n    while True: k += 1; yield k\ndrawn = draws()",
        "next(drawn)",
        "drawn is a generator",
    ),
    "a zip": ("drawn = zip([1, 2], [3, 4])", "list(drawn)", "drawn is an iterator"),
    "an enumerate": ("drawn = enumerate([1, 2])", "list(drawn)", "drawn is an iterator"),
    "a map": ("drawn = map(float, [1, 2])", "list(drawn)", "drawn is an iterator"),
    "over a dict": ("drawn = iter({1: 2})", "list(drawn)", "drawn is an iterator"),
    "a counter": (
        "import itertools\ndrawn = itertools.count()",
        "next(drawn)",
        "drawn is a counter",
    ),
    "a slice": (
        "import itertools\ndrawn = itertools.islice(iter([1, 2]), 2)",
        "list(drawn)",
        "drawn is an iterator",
    ),
    "used up before": ("drawn = zip([1]); list(drawn)", "list(drawn)", "with nothing left in it"),
}
