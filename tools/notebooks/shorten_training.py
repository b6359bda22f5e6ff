"""Start-up file for the kernels of tests: `fit` trains on few samples and for two epochs.

`predict` answers as ever, but in larger batches than Keras's 32, which is faster. All this
works from outside, so that the pages need no switch for tests. It waits for Keras to be
imported, so that pages without Keras do not pay for it.
"""


def _shorten_training():
    import functools
    import importlib.util
    import inspect
    import sys

    samples, batches, epochs, batch_size = 256, 8, 2, 128

    def cut(data):
        """Return the first few samples of arrays, of a collection of them or of a tf.data.Dataset.

        Generators and Keras's own datasets come back whole: the number of steps limits them.
        """
        if hasattr(data, "element_spec"):  # a tf.data.Dataset, which holds batches
            return data.take(batches)
        if isinstance(data, dict):
            return {name: cut(part) for name, part in data.items()}
        if isinstance(data, tuple):
            return tuple(cut(part) for part in data)
        if isinstance(data, list) and any(hasattr(part, "shape") for part in data):
            return [cut(part) for part in data]
        return data[:samples] if hasattr(data, "shape") or isinstance(data, list) else data

    def shortened(fit):
        signature = inspect.signature(fit)

        @functools.wraps(fit)
        def short_fit(*args, **kwargs):
            call = signature.bind(*args, **kwargs)
            call.apply_defaults()
            given = call.arguments
            for name in ("x", "y", "sample_weight", "validation_data"):
                given[name] = cut(given[name])
            steps = given["steps_per_epoch"] or getattr(given["x"], "num_batches", None)
            given["steps_per_epoch"] = min(steps, batches) if steps else None
            steps = given["validation_steps"]
            given["validation_steps"] = min(steps, batches) if steps else None
            given["epochs"] = min(given["epochs"], given["initial_epoch"] + epochs)
            return fit(*call.args, **call.kwargs)

        return short_fit

    def in_larger_batches(predict):
        @functools.wraps(predict)
        def fast_predict(self, x, *args, **kwargs):
            if hasattr(x, "shape") and not args:
                kwargs.setdefault("batch_size", batch_size)
            return predict(self, x, *args, **kwargs)

        return fast_predict

    class AfterKeras:
        """Stands first among Python's finders until Keras is imported, and then changes `Model`."""

        def find_spec(self, name, path=None, target=None):
            if name != "keras":
                return None
            sys.meta_path.remove(self)
            spec = importlib.util.find_spec(name)
            run = spec.loader.exec_module

            def run_and_change(module):
                run(module)
                module.Model.fit = shortened(module.Model.fit)
                module.Model.predict = in_larger_batches(module.Model.predict)

            spec.loader.exec_module = run_and_change
            return spec

    sys.meta_path.insert(0, AfterKeras())


_shorten_training()
del _shorten_training
