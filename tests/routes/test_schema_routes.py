from __future__ import annotations

from flask.testing import FlaskClient


def test_schemas_are_listed_in_both_languages(client: FlaskClient) -> None:
    schemas = {s["id"]: s for s in client.get("/api/schema/schemas").get_json()["schemas"]}
    assert {"dada", "passthrough"} <= schemas.keys()
    assert len(schemas) >= 5
    for schema in schemas.values():
        for key in ("name", "description", "category"):
            assert schema[key]["de"]
            assert schema[key]["en"]
        assert "stance" not in schema


def test_info_lists_all_that_can_be_chosen(client: FlaskClient) -> None:
    body = client.get("/api/schema/info").get_json()
    configs = {config["id"]: config for config in body["output_configs"]}
    assert configs["atelier_image"]["available"]
    assert body["execution_modes"] == ["eco", "fast"]
    assert body["safety_levels"] == ["kids", "youth", "adult", "off"]
    assert body["output_types"] == ["image", "audio", "video", "3d", "text"]
    for schema in body["schemas"]:
        answer = client.post(
            "/api/schema/pipeline/execute",
            json={
                "schema": schema["id"],
                "input_text": "Eine Katze",
                "output_type": "text",
                "context": "Alle tragen Hüte",
            },
        )
        assert answer.status_code == 200
