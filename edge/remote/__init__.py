"""The network on a server: asked over the Open Inference Protocol or TensorFlow Serving's, within a time, and done
without where it doesn't answer.

    crops ─▶ backend ─▶ client (open_inference, predict_grpc, predict_rest) ─▶ server
               └─▶ the network in this process, where the server fails and that is allowed
"""
